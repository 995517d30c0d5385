"""librdkafka's mock brokers in a process of their own: `with MockKafka(topics) as brokers`.

A partition keeps about 5 MB, and drops the oldest batches beyond. The brokers are one thread of this process, so their rates
say nothing about a real cluster: what reads from them is to be compared with what else reads from them.
"""

import ctypes
import multiprocessing
from types import TracebackType

PRODUCER = 0


def serve(topics: dict[str, int], brokers: int, pipe) -> None:  # noqa: ANN001
    library = ctypes.CDLL("librdkafka.so.1")
    for name in ["rd_kafka_conf_new", "rd_kafka_new", "rd_kafka_mock_cluster_new"]:
        getattr(library, name).restype = ctypes.c_void_p
    library.rd_kafka_mock_cluster_bootstraps.restype = ctypes.c_char_p
    configuration = ctypes.c_void_p(library.rd_kafka_conf_new())
    library.rd_kafka_conf_set_log_cb(configuration, None)
    text = ctypes.create_string_buffer(512)
    client = ctypes.c_void_p(library.rd_kafka_new(PRODUCER, configuration, text, len(text)))
    cluster = ctypes.c_void_p(library.rd_kafka_mock_cluster_new(client, brokers))
    for topic, partitions in topics.items():
        if library.rd_kafka_mock_topic_create(cluster, topic.encode(), partitions, 1) != 0:
            raise SystemExit(f"mock topic {topic} could not be made")
    pipe.send(library.rd_kafka_mock_cluster_bootstraps(cluster).decode())
    pipe.recv()


class MockKafka:
    def __init__(self, topics: dict[str, int], brokers: int = 1) -> None:
        self.pipe, other = multiprocessing.Pipe()
        self.process = multiprocessing.Process(target=serve, args=(topics, brokers, other), daemon=True)

    def __enter__(self) -> str:
        self.process.start()
        return self.pipe.recv()

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.pipe.send("end")
        self.process.join(5)
        self.process.kill()
