#pragma once
#include <libpq-fe.h>

// The field codes of an error report are character literals, which Swift does not import.
static const int PQ_SQLSTATE = PG_DIAG_SQLSTATE;
static const int PQ_MESSAGE_PRIMARY = PG_DIAG_MESSAGE_PRIMARY;
static const int PQ_MESSAGE_DETAIL = PG_DIAG_MESSAGE_DETAIL;
static const int PQ_MESSAGE_HINT = PG_DIAG_MESSAGE_HINT;
static const int PQ_STATEMENT_POSITION = PG_DIAG_STATEMENT_POSITION;
static const int PQ_CONTEXT = PG_DIAG_CONTEXT;
static const int PQ_CONSTRAINT_NAME = PG_DIAG_CONSTRAINT_NAME;
