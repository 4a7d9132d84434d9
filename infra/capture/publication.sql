-- What the capture may see, and as whom. Run it in the database of the tables, as a superuser or the master user of RDS. Safe to run again.

-- The tables that are captured, and no others. Truncations are left out: they are about no row.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = 'tidemark') THEN
    CREATE PUBLICATION tidemark;
  END IF;
END
$$;
ALTER PUBLICATION tidemark SET TABLE public.content, public.engagement_events;
ALTER PUBLICATION tidemark SET (publish = 'insert, update, delete');

-- Of a deleted row the log holds its primary key: all that the deletion of a content has to say. FULL would be wrong for events: where the
-- content_id of an event is changed, the connector would then send it as a new event.
ALTER TABLE public.content REPLICA IDENTITY DEFAULT;
ALTER TABLE public.engagement_events REPLICA IDENTITY DEFAULT;

-- The connector's role: it reads these two tables and the log. It gets its password separately.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tidemark_capture') THEN
    CREATE ROLE tidemark_capture LOGIN;
  END IF;
  -- On RDS and Aurora the attribute can't be given; membership stands for it.
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'rds_replication') THEN
    GRANT rds_replication TO tidemark_capture;
  ELSE
    ALTER ROLE tidemark_capture REPLICATION;
  END IF;
END
$$;
GRANT USAGE ON SCHEMA public TO tidemark_capture;
GRANT SELECT ON public.content, public.engagement_events TO tidemark_capture;
