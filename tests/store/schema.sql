CREATE TABLE account (
    id INTEGER NOT NULL,
    user_id VARCHAR NOT NULL,
    device_id VARCHAR NOT NULL,
    access_token VARCHAR NOT NULL,
    homeserver VARCHAR NOT NULL,
    CONSTRAINT pk_account PRIMARY KEY (id)
);

CREATE TABLE agendas (
    series VARCHAR NOT NULL,
    next_at DATETIME,
    agenda TEXT NOT NULL,
    CONSTRAINT pk_agendas PRIMARY KEY (series)
);

CREATE INDEX ix_agendas_next_at ON agendas (next_at);

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE consents (
    id INTEGER NOT NULL,
    series VARCHAR NOT NULL,
    user_id VARCHAR NOT NULL,
    level VARCHAR NOT NULL,
    at DATETIME NOT NULL,
    source VARCHAR NOT NULL,
    event_id VARCHAR,
    CONSTRAINT pk_consents PRIMARY KEY (id)
);

CREATE INDEX ix_consents_series ON consents (series);

CREATE TABLE direct_rooms (
    user_id VARCHAR NOT NULL,
    room_id VARCHAR NOT NULL,
    CONSTRAINT pk_direct_rooms PRIMARY KEY (user_id)
);

CREATE TABLE events (
    position INTEGER NOT NULL,
    event_id VARCHAR NOT NULL,
    room_id VARCHAR NOT NULL,
    at DATETIME NOT NULL,
    meeting VARCHAR,
    kind VARCHAR,
    sender VARCHAR,
    name TEXT,
    moderator BOOLEAN,
    target VARCHAR,
    left_out VARCHAR,
    event TEXT,
    body TEXT NOT NULL,
    CONSTRAINT pk_events PRIMARY KEY (position),
    CONSTRAINT uq_events_event_id UNIQUE (event_id)
);

CREATE INDEX ix_events_meeting_position ON events (meeting, position);

CREATE INDEX ix_events_sender_meeting ON events (sender, meeting);

CREATE INDEX ix_events_target ON events (target);

CREATE TABLE facts (
    id INTEGER NOT NULL,
    meeting VARCHAR,
    kind VARCHAR NOT NULL,
    payload TEXT,
    handled BOOLEAN NOT NULL,
    CONSTRAINT pk_facts PRIMARY KEY (id)
);

CREATE INDEX ix_facts_handled_meeting ON facts (handled, meeting, id);

CREATE INDEX ix_facts_meeting ON facts (meeting);

CREATE TABLE floors (
    room_id VARCHAR NOT NULL,
    meeting VARCHAR NOT NULL,
    floor TEXT NOT NULL,
    CONSTRAINT pk_floors PRIMARY KEY (room_id)
);

CREATE INDEX ix_floors_meeting ON floors (meeting);

CREATE TABLE gaps (
    id INTEGER NOT NULL,
    meeting VARCHAR,
    room_id VARCHAR NOT NULL,
    "after" DATETIME,
    "before" DATETIME,
    reason TEXT NOT NULL,
    CONSTRAINT pk_gaps PRIMARY KEY (id)
);

CREATE INDEX ix_gaps_meeting ON gaps (meeting);

CREATE TABLE ledger (
    document VARCHAR NOT NULL,
    revision INTEGER NOT NULL,
    statement INTEGER NOT NULL,
    event_id VARCHAR NOT NULL,
    sender_key VARCHAR NOT NULL,
    meeting VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT pk_ledger PRIMARY KEY (document, revision, statement, event_id)
);

CREATE INDEX ix_ledger_event_id ON ledger (event_id);

CREATE INDEX ix_ledger_sender_key ON ledger (sender_key);

CREATE TABLE numbers (
    management_room VARCHAR NOT NULL,
    first_free INTEGER NOT NULL,
    CONSTRAINT pk_numbers PRIMARY KEY (management_room)
);

CREATE TABLE outbox (
    id INTEGER NOT NULL,
    "key" VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    target VARCHAR NOT NULL,
    meeting VARCHAR,
    effect TEXT NOT NULL,
    state VARCHAR NOT NULL,
    not_before DATETIME,
    not_after DATETIME,
    next_try_at DATETIME NOT NULL,
    decided_at DATETIME NOT NULL,
    first_tried_at DATETIME,
    attempts INTEGER NOT NULL,
    event_id VARCHAR,
    note TEXT NOT NULL,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT uq_outbox_key UNIQUE ("key")
);

CREATE INDEX ix_outbox_event_id ON outbox (event_id);

CREATE INDEX ix_outbox_meeting ON outbox (meeting);

CREATE INDEX ix_outbox_state ON outbox (state, id);

CREATE INDEX ix_outbox_target_state ON outbox (target, state, id);

CREATE TABLE records (
    "key" VARCHAR NOT NULL,
    series VARCHAR NOT NULL,
    phase VARCHAR NOT NULL,
    opened_at DATETIME NOT NULL,
    wake_at DATETIME,
    record TEXT NOT NULL,
    CONSTRAINT pk_records PRIMARY KEY ("key")
);

CREATE INDEX ix_records_series ON records (series);

CREATE INDEX ix_records_wake_at ON records (wake_at);

CREATE TABLE remembered (
    name VARCHAR NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT pk_remembered PRIMARY KEY (name)
);

CREATE TABLE rooms (
    room_id VARCHAR NOT NULL,
    replaced_by VARCHAR,
    state TEXT NOT NULL,
    CONSTRAINT pk_rooms PRIMARY KEY (room_id)
);

CREATE TABLE skipped (
    meeting VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    how_many INTEGER NOT NULL,
    CONSTRAINT pk_skipped PRIMARY KEY (meeting, reason)
);

CREATE TABLE troubles (
    kind VARCHAR NOT NULL,
    sentence TEXT NOT NULL,
    since DATETIME NOT NULL,
    CONSTRAINT pk_troubles PRIMARY KEY (kind)
);

CREATE TABLE zones (
    user_id VARCHAR NOT NULL,
    zone VARCHAR NOT NULL,
    CONSTRAINT pk_zones PRIMARY KEY (user_id)
);
