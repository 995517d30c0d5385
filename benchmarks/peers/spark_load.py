"""Spark: the star schema of a lake, written by JDBC into PostgreSQL. No rollups, no audits.

  spark-submit spark_load.py LAKE

compare.py asks PostgreSQL for the answers. The database is that of SPARK_JDBC_URL, with user SPARK_JDBC_USER and password SPARK_JDBC_PASSWORD. compare.py
states master, memory and partitions on the command line of spark-submit. As Spark's and the driver's
documentation recommend, schemas are declared, what is read more than once is persisted, and inserts are
batched and rewritten into multi-row ones (reWriteBatchedInserts).
"""

import os
import sys

from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as f

COMMON = """ts long, sessionId long, itemInSession int, level string, userAgent string, country string,
  city string, state string, zip string, lon double, lat double, userId long, firstName string,
  lastName string, gender string, registration long"""
SONG = "artist string, song string, duration double"
TOPICS = {
    "listen": f"{COMMON}, {SONG}, auth string",
    "auth": f"{COMMON}, success boolean",
    "page_view": f"{COMMON}, {SONG}, auth string, page string, method string, status int",
}

CONNECTION = {
    "url": os.environ["SPARK_JDBC_URL"] + "?reWriteBatchedInserts=true",
    "user": os.environ["SPARK_JDBC_USER"],
    "password": os.environ["SPARK_JDBC_PASSWORD"],
    "driver": "org.postgresql.Driver",
    "batchsize": "10000",
}


def key(none: Column | None, *attributes: str) -> Column:
    """A hash of what makes a member of a dimension, 0 for none."""
    value = f.xxhash64(*attributes)
    return value if none is None else f.when(none, f.lit(0).cast("long")).otherwise(value)


def read(spark: SparkSession, lake: str, topic: str) -> DataFrame:
    """A topic of the lake with the keys of the dimensions."""
    events = (
        spark.read.schema(TOPICS[topic])
        .option("recursiveFileLookup", True)
        .option("pathGlobFilter", "*.ndjson")
        .json(f"{lake}/{topic}_events")
        .withColumn("time", f.timestamp_millis("ts"))
        .withColumn(
            "user_key",
            key(
                f.col("userId").isNull(), "userId", "firstName", "lastName", "gender", "level", "registration"
            ),
        )
        .withColumn("location_key", key(None, "country", "city", "state", "zip"))
        .withColumn("device_key", key(None, "userAgent"))
    )
    if "song" in events.columns:
        nothing = f.col("artist").isNull() & f.col("song").isNull()
        events = events.withColumn("duration_ms", f.round(f.col("duration") * 1000).cast("int"))
        events = events.withColumn("song_key", key(nothing, "artist", "song", "duration_ms"))
    return events.persist(StorageLevel.MEMORY_AND_DISK)


def fact(events: DataFrame, *further: str) -> DataFrame:
    """The columns that all facts have, and further ones."""
    return events.select(
        f.col("time").alias("ts"),
        f.date_format("time", "yyyyMMdd").cast("int").alias("date_key"),
        (f.floor(f.col("ts") / 1000) % 86400).cast("int").alias("time_key"),
        "user_key",
        "location_key",
        "device_key",
        f.col("sessionId").alias("session_id"),
        f.col("itemInSession").alias("item_in_session"),
        *further,
    )


def with_outcome(listens: DataFrame) -> DataFrame:
    """A play ends when the same session's next listen starts, or when its duration is over."""
    session = Window.partitionBy("userId", "sessionId").orderBy("ts", "itemInSession")
    next_ms, duration = f.col("next_ms"), f.col("duration_ms")
    is_completed = next_ms.isNull() | (next_ms >= duration) | (next_ms * 10 >= duration * 9)
    return (
        listens.withColumn("next_ms", f.lead("ts").over(session) - f.col("ts"))
        .withColumn("listened_ms", f.least("next_ms", "duration_ms").cast("int"))
        .withColumn(
            "outcome",
            f.when(is_completed, "completed").when(next_ms < 30_000, "skipped").otherwise("partial"),
        )
    )


def first(name: str, alias: str | None = None) -> Column:
    return f.first(name).alias(alias or name)


def dimensions(listens: DataFrame, auths: DataFrame, page_views: DataFrame) -> dict[str, DataFrame]:
    seen = [
        "user_key", "userId", "firstName", "lastName", "gender", "level", "registration", "time",
        "location_key", "country", "state", "city", "zip", "lon", "lat", "device_key", "userAgent",
    ]  # fmt: skip
    everybody = listens.select(seen).union(auths.select(seen)).union(page_views.select(seen))
    song = ["song_key", "artist", "song", "duration_ms"]
    return {
        "dim_user": everybody.groupBy("user_key").agg(
            first("userId", "user_id"),
            first("firstName", "first_name"),
            first("lastName", "last_name"),
            first("gender"),
            first("level"),
            f.timestamp_millis(f.first("registration")).alias("registration"),
            f.min("time").alias("first_seen"),
            f.max("time").alias("last_seen"),
        ),
        "dim_location": everybody.groupBy("location_key").agg(
            *(first(name) for name in ("country", "state", "city", "zip")),
            f.min("lon").alias("lon"),
            f.min("lat").alias("lat"),
        ),
        "dim_device": everybody.groupBy("device_key").agg(first("userAgent", "user_agent")),
        "dim_song": listens.select(song)
        .union(page_views.select(song))
        .groupBy("song_key")
        .agg(first("artist"), first("song", "title"), first("duration_ms")),
    }


def load(spark: SparkSession, lake: str) -> None:
    listens, auths, page_views = (read(spark, lake, topic) for topic in TOPICS)
    tables = {
        "fact_listen": fact(
            with_outcome(listens), "song_key", "auth", "level", "duration_ms", "listened_ms", "outcome"
        ),
        "fact_auth": fact(auths, "success", "level"),
        "fact_page_view": fact(page_views, "song_key", "page", "method", "status", "auth", "level"),
        **dimensions(listens, auths, page_views),
    }
    for name, table in tables.items():
        table.write.format("jdbc").options(**CONNECTION, dbtable=name).mode("overwrite").save()


def main() -> None:
    (lake,) = sys.argv[1:]
    spark = SparkSession.builder.appName("polyrhythm star schema").getOrCreate()
    load(spark, lake)
    spark.stop()


if __name__ == "__main__":
    main()
