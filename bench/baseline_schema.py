"""The tables of the hand-written library application, on both databases.

Like the engine's they hold no foreign keys (references are checked with the actor's rights), and
have the same indexes.
"""

from __future__ import annotations

POSTGRESQL = """
create table user_account (
  id uuid primary key, email text not null unique, role text not null, active boolean not null);
create table user_group (
  user_id uuid not null, group_id uuid not null,
  primary key (user_id, group_id));
create table token (
  id uuid primary key, hash bytea not null unique, user_id uuid not null,
  scopes text[] not null, expires_at timestamptz);
create table member (
  id uuid primary key, rev integer not null, title text not null, name text not null, email text,
  "group" uuid, created_at timestamptz not null, created_by uuid, updated_at timestamptz not null,
  updated_by uuid, owner uuid, deleted_at timestamptz);
create sequence loan_number;
create table loan (
  id uuid primary key, rev integer not null, title text not null,
  number text not null, book text not null, notes text, weight numeric(15, 3), fee numeric(19, 2),
  deposit numeric(19, 2), renewable boolean not null, lent_on date, due timestamptz not null,
  reading_time integer, status text not null, format text, barcode text,
  member uuid not null, assignee uuid, remark text,
  created_at timestamptz not null, created_by uuid, updated_at timestamptz not null,
  updated_by uuid, owner uuid, deleted_at timestamptz);
create table history (
  record uuid not null, rev integer not null, object text not null, event text not null,
  at timestamptz not null, by uuid, changes jsonb not null, primary key (record, rev));
create table search (
  object text not null, record uuid not null, body tsvector not null,
  primary key (object, record));
"""

POSTGRESQL_INDEXES = """
create unique index loan_barcode on loan (barcode) where deleted_at is null;
create unique index loan_number_key on loan (number);
create index loan_status_due on loan (status, due, id);
create index loan_due on loan (due, id);
create index loan_created_at on loan (created_at, id);
create index loan_member on loan (member);
create index loan_assignee on loan (assignee);
create index loan_owner on loan (owner);
create index loan_created_by on loan (created_by);
create index loan_updated_by on loan (updated_by);
create index member_group on member ("group");
create index search_body on search using gin (body);
"""

SQLITE = """
create table user_account (
  id text primary key, email text not null unique, role text not null, active integer not null
) without rowid;
create table user_group (
  user_id text not null, group_id text not null,
  primary key (user_id, group_id)) without rowid;
create table token (
  id text primary key, hash blob not null unique, user_id text not null,
  scopes text not null, expires_at text);
create table member (
  id text primary key, rev integer not null, title text not null, name text not null, email text,
  "group" text, created_at text not null, created_by text, updated_at text not null,
  updated_by text, owner text, deleted_at text);
create table sequence (name text primary key, value integer not null);
insert into sequence values ('loan', 0);
create table loan (
  id text primary key, rev integer not null, title text not null,
  number text not null, book text not null, notes text, weight integer, fee integer,
  deposit integer, renewable integer not null, lent_on text, due text not null,
  reading_time integer, status text not null, format text, barcode text,
  member text not null, assignee text, remark text,
  created_at text not null, created_by text, updated_at text not null,
  updated_by text, owner text, deleted_at text);
create table history (
  record text not null, rev integer not null, object text not null, event text not null,
  at text not null, by text, changes text not null, primary key (record, rev));
create virtual table search using fts5 (object unindexed, record unindexed, body);
"""

SQLITE_INDEXES = """
create unique index loan_barcode on loan (barcode) where deleted_at is null;
create unique index loan_number_key on loan (number);
create index loan_status_due on loan (status, due, id);
create index loan_due on loan (due, id);
create index loan_created_at on loan (created_at, id);
create index loan_member on loan (member);
create index loan_assignee on loan (assignee);
create index loan_owner on loan (owner);
create index loan_created_by on loan (created_by);
create index loan_updated_by on loan (updated_by);
create index member_group on member ("group");
"""
