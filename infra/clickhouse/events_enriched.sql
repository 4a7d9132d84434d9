-- The table for enriched engagement events. Run this before the sink is switched on; to run it again changes nothing.
--   clickhouse-client --multiquery < infra/clickhouse/events_enriched.sql
-- The user that writes needs no more than: GRANT INSERT ON engagement.events_enriched TO <user>

CREATE DATABASE IF NOT EXISTS engagement;

CREATE TABLE IF NOT EXISTS engagement.events_enriched
(
    event_id            Int64,
    content_id          Int64,
    user_id             String,
    event_type          LowCardinality(String),
    -- Holds 1900 to 2299 on every version. The sink refuses what is later: most versions would store the end of 2299 instead, and say nothing.
    event_ts            DateTime64(3, 'UTC'),
    duration_ms         Nullable(Int64),
    device              LowCardinality(Nullable(String)),
    content_type        LowCardinality(Nullable(String)),
    length_seconds      Nullable(Int64),
    engagement_seconds  Nullable(Float64),
    engagement_pct      Nullable(Float64),
    -- 1 for the first. The engine's documentation asks for an unsigned number.
    revision            UInt32
)
-- Of the rows with one sorting key, merges keep that of the highest revision. All three columns of the key are fixed when an event is made,
-- so its revisions always meet. On servers of your own that replicate: ReplicatedReplacingMergeTree(revision).
ENGINE = ReplacingMergeTree(revision)
-- An event's revisions are in one partition, and a month can be dropped at once.
PARTITION BY toYYYYMM(event_ts)
ORDER BY (event_ts, content_id, event_id)
-- The last 1,000 inserts are known by their token: a batch that is sent again is dropped at once, rather than by a merge later on.
-- Replicated tables do that without this setting.
SETTINGS non_replicated_deduplication_window = 1000;

-- Reading. Merges happen at some time or never, so a plain SELECT may show an event more than once. FINAL shows the last revision only:
--   SELECT * FROM engagement.events_enriched FINAL WHERE event_ts >= now() - INTERVAL 1 DAY
--   SETTINGS do_not_merge_across_partitions_select_final = 1   -- right here, as the key decides the partition, and faster
-- Where FINAL is too slow, per event:
--   SELECT event_id, argMax(tuple(content_type, engagement_pct), revision) FROM engagement.events_enriched GROUP BY event_id
-- A materialized view on this table gets every revision and every repetition: it must be idempotent too.

-- Repairing. Before rows are sent once more (a backfill), remove the old ones with TRUNCATE or ALTER TABLE ... DROP PARTITION, which also
-- forget the tokens. After DELETE, a batch that is among the last 1,000 inserts would be taken for a repetition and stay out.
