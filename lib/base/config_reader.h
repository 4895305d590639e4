/* config_reader.h - one reading of a configuration file. Internal to config. */
#pragma once
#include "base/buf.h"
#include "base/config_table.h"

struct config_finding { /* an error or a notice */
    unsigned serial;    /* of the logical line: file order */
    size_t order;       /* of being found, within a line */
    char *file;
    unsigned line;
    bool is_error;
    char *what;
    char *fix; /* NULL = none */
};

struct partition_read { /* its nodes are looked up once all are known */
    unsigned serial, line;
    char *file, *nodes;
    Moisson__PartitionConf *conf;
};

struct config_reader {
    struct config *conf;
    const char *file; /* being read */
    unsigned line, serial, depth;
    bool machine_only; /* config_load_machine */
    struct buf text;   /* every line so far, includes resolved */
    unsigned *seen;    /* by scalar row: the line that set it, 0 = none */
    struct node_line node_defaults;
    struct partition_line partition_defaults;
    size_t node_room;
    struct partition_read *partitions;
    size_t n_partitions, partition_room;
    struct config_finding *findings;
    size_t n_findings, finding_room;
    unsigned errors;
};

/* Record an error (err is read, and cleared) or a notice about the line being read; `subject` may be NULL. */
void reader_error (struct config_reader *r, const char *subject, struct err *err);
void reader_notice (struct config_reader *r, const char *fmt, ...) __attribute__ ((format (printf, 2, 3)));

/* cgroup.conf beside the main file, if there is one: the keys that may stand there, and no other lines. */
void reader_cgroup_file (struct config_reader *r);
/* Read a file and what it includes. */
void reader_file (struct config_reader *r, const char *path);
/* The words after NodeName= and PartitionName=; *cursor is behind that pair. */
void reader_node (struct config_reader *r, const char *names, char **cursor);
void reader_partition (struct config_reader *r, const char *name, char **cursor);
/* After the last line: duplicates, node names of partitions, what every cluster needs. */
void reader_finish (struct config_reader *r);
/* Read the pairs of one line into `base`. */
void reader_pairs (struct config_reader *r, enum key_room room, void *base, char **cursor);
