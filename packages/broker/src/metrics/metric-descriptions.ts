/** Every metric of a broker, and what it tells; a name's end says whether it counts (`_total`). */
export const metricDescriptions = {
  kafka_server_brokertopicmetrics_messagesin_total: "records appended, by topic",
  kafka_server_brokertopicmetrics_bytesin_total: "bytes of batches appended, by topic",
  kafka_server_brokertopicmetrics_bytesout_total: "bytes of batches fetched, by topic",
  kafka_server_brokertopicmetrics_totalproducerequests_total:
    "partitions that produce requests wrote to, by topic",
  kafka_server_brokertopicmetrics_totalfetchrequests_total:
    "partitions that fetch requests read, by topic",
  kafka_server_brokertopicmetrics_failedproducerequests_total:
    "partitions that a produce request was refused for, by topic; without one: of topics that are not there",
  kafka_server_brokertopicmetrics_failedfetchrequests_total:
    "partitions that a fetch request was refused for, by topic; without one: of topics that are not there",
  kafka_network_requestmetrics_requests_total: "requests, by API",
  kafka_network_requestmetrics_errors_total:
    "requests that were answered with an error for the whole of them, or by closing the connection, by API",
  kafka_network_requestmetrics_requestbytes_total: "bytes of requests, by API",
  kafka_network_requestmetrics_totaltimems_total:
    "milliseconds from a request's begin to its answer, waits included, by API",
  kafka_server_socketservermetrics_connection_count: "connections that are open",
  kafka_server_socketservermetrics_connections_accepted_total: "connections that came",
  kafka_server_socketservermetrics_successful_authentication_total:
    "connections that have signed in by SASL, by listener",
  kafka_server_socketservermetrics_failed_authentication_total:
    "connections that were refused by SASL, or whose TLS handshake failed, by listener",
  kafka_server_socketservermetrics_successful_reauthentication_total:
    "times that a connection has authenticated again, by listener",
  kafka_server_socketservermetrics_failed_reauthentication_total:
    "times that a connection was refused when it authenticated again, by listener",
  millrace_tls_handshakes_failed_total:
    "TLS handshakes that failed, or did not end in time, by listener",
  millrace_connections_refused_total:
    "connections that were closed since there were too many: new ones, or silent ones that gave way",
  kafka_server_fetchsessioncache_numincrementalfetchsessions:
    "sessions of fetching clients, of at most max.incremental.fetch.session.cache.slots",
  kafka_server_sharesessioncache_sharesessionscount:
    "sessions of members of share groups, of at most group.share.max.share.sessions",
  kafka_server_sharepartitionmetrics_inflightmessagecount:
    "records of a partition that are on their way to a share group, from the first that is not done with",
  kafka_network_socketserver_memorypoolused:
    "bytes of requests that are received and not answered, of at most queued.max.request.bytes",
  millrace_slow_requests_closed_total:
    "connections that were closed since a large request came too slowly while others waited for room",
  millrace_unread_answer_bytes: "bytes of answers that no client has taken yet",
  kafka_controller_kafkacontroller_globaltopiccount: "topics",
  kafka_controller_kafkacontroller_globalpartitioncount: "partitions",
  kafka_controller_kafkacontroller_offlinepartitionscount: "partitions whose log cannot be used",
  kafka_log_log_size: "bytes of a partition's log",
  kafka_log_log_logstartoffset: "offset of a partition's first record",
  kafka_log_log_logendoffset: "offset that a partition's next record gets",
  kafka_log_logcleanermanager_max_dirty_percent:
    "of the log that has most to compact: how much of what could be compacted was not",
  kafka_log_logcleanermanager_time_since_last_run_ms:
    "milliseconds since it was last looked for logs to compact",
  kafka_log_logcleanermanager_uncleanable_partitions_count:
    "partitions that could not be compacted the last time",
  kafka_log_logcleanermanager_uncleanable_bytes: "bytes of their logs",
  kafka_log_logcleaner_max_clean_time_secs: "seconds that the last compaction took",
  kafka_log_logcleaner_cleaner_recopy_percent:
    "bytes that the last compaction wrote, of those that it read",
  kafka_log_logcleaner_max_buffer_utilization_percent:
    "how full the last compaction's map of keys was",
  millrace_log_failed_writes_total:
    "appends that the device refused, a full disk for instance; nothing of them stays",
  millrace_log_removed_bytes_total:
    "bytes of batches that retention and compaction took away, by reason",
  kafka_server_group_coordinator_metrics_group_count: "groups, by protocol and state",
  kafka_consumergroup_current_offset: "offset that a group has committed for a partition",
  kafka_consumergroup_lag: "records of a partition that a group has still to read",
  millrace_consumergroup_verdict:
    "what a group's commits tell of it: 0 ok, 1 warning, 2 stalled, 3 stopped, 4 rewound",
} as const;

export type MetricName = keyof typeof metricDescriptions;
