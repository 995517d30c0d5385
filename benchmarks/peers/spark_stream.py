"""Spark Structured Streaming: five minute views of a lake's backlog, into PostgreSQL.

  spark-submit spark_stream.py LAKE CHECKPOINT

One stream reads the three topics. Each of its batches is persisted, counted five times and appended: readers
add the rows, as they do in Polyrhythm's speed layer. That is the fastest way we found. Sums by minute need no
state, so there is no watermark; the outcome of plays and distinct users would need it and are left out.
foreachBatch writes at least once: a batch that dies half way is counted twice.

compare.py asks PostgreSQL for the answers. The database is that of SPARK_JDBC_URL, as in spark_load.py.
"""

import sys

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from spark_load import CONNECTION, TOPICS

# View: its keys beyond the minute, and which of the counts it has.
PLAYED = ["listens", "thumbs_up"]
ALL = [*PLAYED, "page_views", "errors", "logins", "failed_logins"]
VIEWS = {
    "minute_totals": ([], ALL),
    "minute_song": (["artist", "song", "duration"], PLAYED),
    "minute_location": (["country", "state", "city", "zip"], ALL),
    "minute_audience": (["gender", "level"], ALL),
    "minute_page": (["page", "method", "status", "auth", "level"], ["page_views", "errors"]),
}
KEYS = [
    "artist string", "song string", "duration double", "country string", "state string", "city string",
    "zip string", "gender string", "level string", "page string", "method string", "status int",
    "auth string",
]  # fmt: skip


def stream(spark: SparkSession, lake: str) -> DataFrame:
    """All events: the minute, the keys of the views, and what the event adds to each count."""

    def topic(name: str, **counts) -> DataFrame:
        events = (
            spark.readStream.schema(TOPICS[name])
            .option("recursiveFileLookup", True)
            .option("pathGlobFilter", "*.ndjson")
            .json(f"{lake}/{name}_events")
        )
        known = {column.split()[0] for column in KEYS} & set(events.columns)
        keys = [
            (f.col(column) if column in known else f.lit(None).cast(kind)).alias(column)
            for column, kind in (key.split() for key in KEYS)
        ]
        minute = f.date_trunc("minute", f.timestamp_millis("ts")).alias("minute")
        added = [counts.get(count, f.lit(False)).cast("int").alias(count) for count in ALL]
        return events.select(minute, *keys, *added)

    yes = f.lit(True)
    return (
        topic("listen", listens=yes)
        .union(topic("auth", logins=f.col("success"), failed_logins=~f.col("success")))
        .union(
            topic(
                "page_view",
                page_views=yes,
                errors=f.col("status") >= 400,
                thumbs_up=f.col("page") == "Thumbs Up",
            )
        )
    )


def write(batch: DataFrame, _: int) -> None:
    batch.persist(StorageLevel.MEMORY_AND_DISK)
    for name, (keys, counts) in VIEWS.items():
        events = batch
        if name == "minute_song":
            events = batch.where("(listens = 1 or thumbs_up = 1) and song is not null")
        elif name == "minute_page":
            events = batch.where("page_views = 1")
        rows = events.groupBy("minute", *keys).agg(*(f.sum(count).alias(count) for count in counts))
        rows.write.format("jdbc").options(**CONNECTION, dbtable=name).mode("append").save()
    batch.unpersist()


def main() -> None:
    lake, checkpoint = sys.argv[1:]
    spark = SparkSession.builder.appName("polyrhythm minute views").getOrCreate()
    (
        stream(spark, lake)
        .writeStream.foreachBatch(write)
        .option("checkpointLocation", checkpoint)
        .trigger(availableNow=True)
        .start()
        .awaitTermination()
    )
    spark.stop()


if __name__ == "__main__":
    main()
