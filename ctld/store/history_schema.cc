// Tables, indices and views of history.db. Times are µs since 1970 UTC, 0 in tables and NULL in
// views for none; ids are 64 bits wide.
#include "ctld/store/history_schema.h"

namespace cox::ctld {

const char* const history_schema_1 = R"sql(
CREATE TABLE schema(version INTEGER NOT NULL, sequence INTEGER NOT NULL);
INSERT INTO schema VALUES(1, 0);

CREATE TABLE attempt(
  job INTEGER NOT NULL, attempt INTEGER NOT NULL, sequence INTEGER NOT NULL,
  is_last INTEGER NOT NULL, uid INTEGER NOT NULL, gid INTEGER NOT NULL, user TEXT NOT NULL,
  group_name TEXT NOT NULL, account TEXT NOT NULL, qos TEXT NOT NULL, name TEXT NOT NULL,
  partition TEXT NOT NULL, kind TEXT NOT NULL, comment TEXT NOT NULL, command TEXT NOT NULL,
  directory TEXT NOT NULL, submit_host TEXT NOT NULL, script_hash TEXT NOT NULL,
  submitted_us INTEGER NOT NULL, eligible_us INTEGER NOT NULL, started_us INTEGER NOT NULL,
  ended_us INTEGER NOT NULL, time_limit_us INTEGER NOT NULL, state TEXT NOT NULL,
  failure TEXT NOT NULL, ended_by INTEGER, exit_code INTEGER NOT NULL, signal INTEGER NOT NULL,
  reason TEXT NOT NULL, requeues INTEGER NOT NULL, asked_nodes_min INTEGER NOT NULL,
  asked_nodes_max INTEGER NOT NULL, asked_tasks INTEGER NOT NULL, asked_cpus INTEGER NOT NULL,
  asked_memory_mib INTEGER NOT NULL, asked_memory_per_cpu_mib INTEGER NOT NULL,
  asked_devices TEXT NOT NULL, exclusive INTEGER NOT NULL, nodes INTEGER NOT NULL,
  tasks INTEGER NOT NULL, cpus INTEGER NOT NULL, memory_mib INTEGER NOT NULL,
  devices TEXT NOT NULL, node_list TEXT NOT NULL, cores TEXT NOT NULL,
  peak_memory_bytes INTEGER NOT NULL, cpu_user_us INTEGER NOT NULL, cpu_system_us INTEGER NOT NULL,
  output_path TEXT NOT NULL, error_path TEXT NOT NULL);
CREATE UNIQUE INDEX attempt_key ON attempt(job, attempt);
CREATE INDEX attempt_ended ON attempt(ended_us, job, attempt);
CREATE INDEX attempt_user ON attempt(user, ended_us, job, attempt);
CREATE INDEX attempt_account ON attempt(account, ended_us, job, attempt) WHERE account <> '';
CREATE INDEX attempt_state ON attempt(state, ended_us, job, attempt) WHERE state <> 'COMPLETED';

CREATE TABLE label(
  job INTEGER NOT NULL, attempt INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY(job, attempt, key)) WITHOUT ROWID;

CREATE TABLE step(
  job INTEGER NOT NULL, attempt INTEGER NOT NULL, step INTEGER NOT NULL,
  sequence INTEGER NOT NULL, uid INTEGER NOT NULL, user TEXT NOT NULL, name TEXT NOT NULL,
  command TEXT NOT NULL, started_us INTEGER NOT NULL, ended_us INTEGER NOT NULL,
  state TEXT NOT NULL, failure TEXT NOT NULL, exit_code INTEGER NOT NULL, signal INTEGER NOT NULL,
  tasks_failed INTEGER NOT NULL, reason TEXT NOT NULL, asked_nodes INTEGER NOT NULL,
  asked_tasks INTEGER NOT NULL, asked_cpus_per_task INTEGER NOT NULL, nodes INTEGER NOT NULL,
  tasks INTEGER NOT NULL, node_list TEXT NOT NULL, peak_memory_bytes INTEGER NOT NULL,
  cpu_user_us INTEGER NOT NULL, cpu_system_us INTEGER NOT NULL);
CREATE UNIQUE INDEX step_key ON step(job, attempt, step);

CREATE VIEW attempts AS SELECT
  job, attempt, is_last, uid, user, gid, group_name AS "group", account, qos, partition, name, kind,
  comment, command, directory, submit_host, NULLIF(script_hash, '') AS script_hash,
  (SELECT json_group_object(key, value) FROM label
    WHERE label.job = attempt.job AND label.attempt = attempt.attempt) AS labels,
  submitted_us, eligible_us, NULLIF(started_us, 0) AS started_us, ended_us,
  strftime('%Y-%m-%dT%H:%M:%S', submitted_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', submitted_us % 1000000) AS submitted,
  strftime('%Y-%m-%dT%H:%M:%S', eligible_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', eligible_us % 1000000) AS eligible,
  CASE WHEN started_us = 0 THEN NULL ELSE
    strftime('%Y-%m-%dT%H:%M:%S', started_us / 1000000, 'unixepoch') ||
      printf('.%06dZ', started_us % 1000000) END AS started,
  strftime('%Y-%m-%dT%H:%M:%S', ended_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', ended_us % 1000000) AS ended,
  CASE WHEN started_us = 0 THEN 0 ELSE ended_us - started_us END AS elapsed_us,
  CASE WHEN time_limit_us >= 2305843009213693952 THEN NULL ELSE time_limit_us END AS time_limit_us,
  state, failure, ended_by, exit_code, signal, reason, requeues,
  asked_nodes_min, asked_nodes_max, asked_tasks, asked_cpus,
  CASE WHEN asked_memory_mib < 0 THEN NULL ELSE asked_memory_mib END AS asked_memory_mib,
  CASE WHEN asked_memory_per_cpu_mib < 0 THEN NULL ELSE asked_memory_per_cpu_mib END
    AS asked_memory_per_cpu_mib,
  asked_devices, exclusive, nodes, tasks, cpus, memory_mib, devices, node_list, cores,
  peak_memory_bytes, cpu_user_us, cpu_system_us,
  CASE WHEN started_us = 0 OR ended_us <= started_us OR cpus = 0 THEN NULL ELSE
    (cpu_user_us + cpu_system_us) * 1.0 / ((ended_us - started_us) * cpus) END AS cpu_efficiency,
  CASE WHEN memory_mib <= 0 THEN NULL ELSE peak_memory_bytes / 1048576.0 / memory_mib END
    AS memory_efficiency,
  output_path, error_path
  FROM attempt;

CREATE VIEW jobs AS SELECT * FROM attempts WHERE is_last = 1;

CREATE VIEW steps AS SELECT
  job, attempt, step,
  CASE step WHEN 4294967280 THEN 'batch' WHEN 4294967281 THEN 'alloc'
    ELSE CAST(step AS TEXT) END AS step_name,
  uid, user, name, command, started_us, ended_us,
  strftime('%Y-%m-%dT%H:%M:%S', started_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', started_us % 1000000) AS started,
  strftime('%Y-%m-%dT%H:%M:%S', ended_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', ended_us % 1000000) AS ended,
  ended_us - started_us AS elapsed_us,
  state, failure, exit_code, signal, tasks_failed, reason,
  NULLIF(asked_nodes, 0) AS asked_nodes, NULLIF(asked_tasks, 0) AS asked_tasks,
  NULLIF(asked_cpus_per_task, 0) AS asked_cpus_per_task, nodes, tasks, node_list,
  peak_memory_bytes, cpu_user_us, cpu_system_us
  FROM step;

PRAGMA user_version = 1;
)sql";

// Arrays.
const char* const history_schema_2 = R"sql(
ALTER TABLE attempt ADD COLUMN array INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN array_index INTEGER;
ALTER TABLE attempt ADD COLUMN elements TEXT NOT NULL DEFAULT '';
CREATE INDEX attempt_array ON attempt(array, array_index) WHERE array <> 0;

DROP VIEW jobs;
DROP VIEW attempts;
CREATE VIEW attempts AS SELECT
  job, attempt, is_last, NULLIF(array, 0) AS array, array_index,
  NULLIF(elements, '') AS elements, uid, user, gid, group_name AS "group", account, qos, partition, name, kind,
  comment, command, directory, submit_host, NULLIF(script_hash, '') AS script_hash,
  (SELECT json_group_object(key, value) FROM label
    WHERE label.job = attempt.job AND label.attempt = attempt.attempt) AS labels,
  submitted_us, eligible_us, NULLIF(started_us, 0) AS started_us, ended_us,
  strftime('%Y-%m-%dT%H:%M:%S', submitted_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', submitted_us % 1000000) AS submitted,
  strftime('%Y-%m-%dT%H:%M:%S', eligible_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', eligible_us % 1000000) AS eligible,
  CASE WHEN started_us = 0 THEN NULL ELSE
    strftime('%Y-%m-%dT%H:%M:%S', started_us / 1000000, 'unixepoch') ||
      printf('.%06dZ', started_us % 1000000) END AS started,
  strftime('%Y-%m-%dT%H:%M:%S', ended_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', ended_us % 1000000) AS ended,
  CASE WHEN started_us = 0 THEN 0 ELSE ended_us - started_us END AS elapsed_us,
  CASE WHEN time_limit_us >= 2305843009213693952 THEN NULL ELSE time_limit_us END AS time_limit_us,
  state, failure, ended_by, exit_code, signal, reason, requeues,
  asked_nodes_min, asked_nodes_max, asked_tasks, asked_cpus,
  CASE WHEN asked_memory_mib < 0 THEN NULL ELSE asked_memory_mib END AS asked_memory_mib,
  CASE WHEN asked_memory_per_cpu_mib < 0 THEN NULL ELSE asked_memory_per_cpu_mib END
    AS asked_memory_per_cpu_mib,
  asked_devices, exclusive, nodes, tasks, cpus, memory_mib, devices, node_list, cores,
  peak_memory_bytes, cpu_user_us, cpu_system_us,
  CASE WHEN started_us = 0 OR ended_us <= started_us OR cpus = 0 THEN NULL ELSE
    (cpu_user_us + cpu_system_us) * 1.0 / ((ended_us - started_us) * cpus) END AS cpu_efficiency,
  CASE WHEN memory_mib <= 0 THEN NULL ELSE peak_memory_bytes / 1048576.0 / memory_mib END
    AS memory_efficiency,
  output_path, error_path
  FROM attempt;

CREATE VIEW jobs AS SELECT * FROM attempts WHERE is_last = 1;

UPDATE schema SET version = 2;
PRAGMA user_version = 2;
)sql";

// How long an attempt stood still.
const char* const history_schema_3 = R"sql(
ALTER TABLE attempt ADD COLUMN stood_us INTEGER NOT NULL DEFAULT 0;

DROP VIEW jobs;
DROP VIEW attempts;
CREATE VIEW attempts AS SELECT
  job, attempt, is_last, NULLIF(array, 0) AS array, array_index,
  NULLIF(elements, '') AS elements, uid, user, gid, group_name AS "group", account, qos, partition, name, kind,
  comment, command, directory, submit_host, NULLIF(script_hash, '') AS script_hash,
  (SELECT json_group_object(key, value) FROM label
    WHERE label.job = attempt.job AND label.attempt = attempt.attempt) AS labels,
  submitted_us, eligible_us, NULLIF(started_us, 0) AS started_us, ended_us,
  strftime('%Y-%m-%dT%H:%M:%S', submitted_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', submitted_us % 1000000) AS submitted,
  strftime('%Y-%m-%dT%H:%M:%S', eligible_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', eligible_us % 1000000) AS eligible,
  CASE WHEN started_us = 0 THEN NULL ELSE
    strftime('%Y-%m-%dT%H:%M:%S', started_us / 1000000, 'unixepoch') ||
      printf('.%06dZ', started_us % 1000000) END AS started,
  strftime('%Y-%m-%dT%H:%M:%S', ended_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', ended_us % 1000000) AS ended,
  CASE WHEN started_us = 0 THEN 0 ELSE ended_us - started_us END AS elapsed_us,
  stood_us,
  CASE WHEN time_limit_us >= 2305843009213693952 THEN NULL ELSE time_limit_us END AS time_limit_us,
  state, failure, ended_by, exit_code, signal, reason, requeues,
  asked_nodes_min, asked_nodes_max, asked_tasks, asked_cpus,
  CASE WHEN asked_memory_mib < 0 THEN NULL ELSE asked_memory_mib END AS asked_memory_mib,
  CASE WHEN asked_memory_per_cpu_mib < 0 THEN NULL ELSE asked_memory_per_cpu_mib END
    AS asked_memory_per_cpu_mib,
  asked_devices, exclusive, nodes, tasks, cpus, memory_mib, devices, node_list, cores,
  peak_memory_bytes, cpu_user_us, cpu_system_us,
  CASE WHEN started_us = 0 OR ended_us <= started_us OR cpus = 0 THEN NULL ELSE
    (cpu_user_us + cpu_system_us) * 1.0 / ((ended_us - started_us) * cpus) END AS cpu_efficiency,
  CASE WHEN memory_mib <= 0 THEN NULL ELSE peak_memory_bytes / 1048576.0 / memory_mib END
    AS memory_efficiency,
  output_path, error_path
  FROM attempt;

CREATE VIEW jobs AS SELECT * FROM attempts WHERE is_last = 1;

UPDATE schema SET version = 3;
PRAGMA user_version = 3;
)sql";

// What a job had to wait for, and its manners.
const char* const history_schema_4 = R"sql(
ALTER TABLE attempt ADD COLUMN begin_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN dependency TEXT NOT NULL DEFAULT '';
ALTER TABLE attempt ADD COLUMN deadline_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN early_signal INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN early_signal_before_us INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN early_signal_batch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN retry_times INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN retry_codes TEXT NOT NULL DEFAULT '';
ALTER TABLE attempt ADD COLUMN nice INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempt ADD COLUMN requeue INTEGER NOT NULL DEFAULT -1;

DROP VIEW jobs;
DROP VIEW attempts;
CREATE VIEW attempts AS SELECT
  job, attempt, is_last, NULLIF(array, 0) AS array, array_index,
  NULLIF(elements, '') AS elements, uid, user, gid, group_name AS "group", account, qos, partition, name, kind,
  comment, command, directory, submit_host, NULLIF(script_hash, '') AS script_hash,
  (SELECT json_group_object(key, value) FROM label
    WHERE label.job = attempt.job AND label.attempt = attempt.attempt) AS labels,
  submitted_us, eligible_us, NULLIF(started_us, 0) AS started_us, ended_us,
  strftime('%Y-%m-%dT%H:%M:%S', submitted_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', submitted_us % 1000000) AS submitted,
  strftime('%Y-%m-%dT%H:%M:%S', eligible_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', eligible_us % 1000000) AS eligible,
  CASE WHEN started_us = 0 THEN NULL ELSE
    strftime('%Y-%m-%dT%H:%M:%S', started_us / 1000000, 'unixepoch') ||
      printf('.%06dZ', started_us % 1000000) END AS started,
  strftime('%Y-%m-%dT%H:%M:%S', ended_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', ended_us % 1000000) AS ended,
  CASE WHEN started_us = 0 THEN 0 ELSE ended_us - started_us END AS elapsed_us,
  stood_us,
  CASE WHEN time_limit_us >= 2305843009213693952 THEN NULL ELSE time_limit_us END AS time_limit_us,
  NULLIF(begin_us, 0) AS begin_us, NULLIF(dependency, '') AS dependency,
  NULLIF(deadline_us, 0) AS deadline_us, NULLIF(early_signal, 0) AS early_signal,
  CASE WHEN early_signal = 0 THEN NULL ELSE early_signal_before_us END AS early_signal_before_us,
  CASE WHEN early_signal = 0 THEN NULL ELSE early_signal_batch END AS early_signal_batch,
  retry_times, NULLIF(retry_codes, '') AS retry_codes, nice, NULLIF(requeue, -1) AS requeue,
  state, failure, ended_by, exit_code, signal, reason, requeues,
  asked_nodes_min, asked_nodes_max, asked_tasks, asked_cpus,
  CASE WHEN asked_memory_mib < 0 THEN NULL ELSE asked_memory_mib END AS asked_memory_mib,
  CASE WHEN asked_memory_per_cpu_mib < 0 THEN NULL ELSE asked_memory_per_cpu_mib END
    AS asked_memory_per_cpu_mib,
  asked_devices, exclusive, nodes, tasks, cpus, memory_mib, devices, node_list, cores,
  peak_memory_bytes, cpu_user_us, cpu_system_us,
  CASE WHEN started_us = 0 OR ended_us <= started_us OR cpus = 0 THEN NULL ELSE
    (cpu_user_us + cpu_system_us) * 1.0 / ((ended_us - started_us) * cpus) END AS cpu_efficiency,
  CASE WHEN memory_mib <= 0 THEN NULL ELSE peak_memory_bytes / 1048576.0 / memory_mib END
    AS memory_efficiency,
  output_path, error_path
  FROM attempt;

CREATE VIEW jobs AS SELECT * FROM attempts WHERE is_last = 1;

UPDATE schema SET version = 4;
PRAGMA user_version = 4;
)sql";

// What became of the elements of a whole array.
const char* const history_schema_5 = R"sql(
ALTER TABLE attempt ADD COLUMN counts TEXT NOT NULL DEFAULT '';

DROP VIEW jobs;
DROP VIEW attempts;
CREATE VIEW attempts AS SELECT
  job, attempt, is_last, NULLIF(array, 0) AS array, array_index,
  NULLIF(elements, '') AS elements, NULLIF(counts, '') AS counts, uid, user, gid, group_name AS "group", account, qos, partition, name, kind,
  comment, command, directory, submit_host, NULLIF(script_hash, '') AS script_hash,
  (SELECT json_group_object(key, value) FROM label
    WHERE label.job = attempt.job AND label.attempt = attempt.attempt) AS labels,
  submitted_us, eligible_us, NULLIF(started_us, 0) AS started_us, ended_us,
  strftime('%Y-%m-%dT%H:%M:%S', submitted_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', submitted_us % 1000000) AS submitted,
  strftime('%Y-%m-%dT%H:%M:%S', eligible_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', eligible_us % 1000000) AS eligible,
  CASE WHEN started_us = 0 THEN NULL ELSE
    strftime('%Y-%m-%dT%H:%M:%S', started_us / 1000000, 'unixepoch') ||
      printf('.%06dZ', started_us % 1000000) END AS started,
  strftime('%Y-%m-%dT%H:%M:%S', ended_us / 1000000, 'unixepoch') ||
    printf('.%06dZ', ended_us % 1000000) AS ended,
  CASE WHEN started_us = 0 THEN 0 ELSE ended_us - started_us END AS elapsed_us,
  stood_us,
  CASE WHEN time_limit_us >= 2305843009213693952 THEN NULL ELSE time_limit_us END AS time_limit_us,
  NULLIF(begin_us, 0) AS begin_us, NULLIF(dependency, '') AS dependency,
  NULLIF(deadline_us, 0) AS deadline_us, NULLIF(early_signal, 0) AS early_signal,
  CASE WHEN early_signal = 0 THEN NULL ELSE early_signal_before_us END AS early_signal_before_us,
  CASE WHEN early_signal = 0 THEN NULL ELSE early_signal_batch END AS early_signal_batch,
  retry_times, NULLIF(retry_codes, '') AS retry_codes, nice, NULLIF(requeue, -1) AS requeue,
  state, failure, ended_by, exit_code, signal, reason, requeues,
  asked_nodes_min, asked_nodes_max, asked_tasks, asked_cpus,
  CASE WHEN asked_memory_mib < 0 THEN NULL ELSE asked_memory_mib END AS asked_memory_mib,
  CASE WHEN asked_memory_per_cpu_mib < 0 THEN NULL ELSE asked_memory_per_cpu_mib END
    AS asked_memory_per_cpu_mib,
  asked_devices, exclusive, nodes, tasks, cpus, memory_mib, devices, node_list, cores,
  peak_memory_bytes, cpu_user_us, cpu_system_us,
  CASE WHEN started_us = 0 OR ended_us <= started_us OR cpus = 0 THEN NULL ELSE
    (cpu_user_us + cpu_system_us) * 1.0 / ((ended_us - started_us) * cpus) END AS cpu_efficiency,
  CASE WHEN memory_mib <= 0 THEN NULL ELSE peak_memory_bytes / 1048576.0 / memory_mib END
    AS memory_efficiency,
  output_path, error_path
  FROM attempt;

CREATE VIEW jobs AS SELECT * FROM attempts WHERE is_last = 1;

UPDATE schema SET version = 5;
PRAGMA user_version = 5;
)sql";

}  // namespace cox::ctld
