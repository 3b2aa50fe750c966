/* SPDX-License-Identifier: Apache-2.0 */
/* demo_plan.c — the phases: which links are cut or restored, and the condition that must hold in time. */
#include "demo.h"

enum { SOON = 30000 }; /* time-out in milliseconds; it expires only when a promise is broken */

const struct demo_phase demo_plan[] = {
	{ "all up", false, false,
	        {
	                { ACT_NONE, UNTIL_SERVING, SOON },
	                { ACT_SEND, UNTIL_PASSED, 2500 },
	                { ACT_STOP_SENDING, UNTIL_STORED, SOON },
	        } },
	{ "collector away", false, true,
	        {
	                { ACT_COLLECTOR_DOWN, UNTIL_PASSED, 0 },
	                { ACT_SEND, UNTIL_PASSED, 2500 },
	                { ACT_STOP_SENDING, UNTIL_IN_KAFKA, SOON },
	        } },
	{ "collector back", false, true,
	        {
	                { ACT_SEND, UNTIL_PASSED, 500 },
	                { ACT_COLLECTOR_UP, UNTIL_PASSED, 2000 },
	                { ACT_STOP_SENDING, UNTIL_STORED, SOON },
	        } },
	{ "Kafka away", false, true,
	        {
	                { ACT_SEND, UNTIL_PASSED, 500 },
	                { ACT_KAFKA_DOWN, UNTIL_PASSED, 2500 },
	                { ACT_STOP_SENDING, UNTIL_ON_DISK, SOON },
	        } },
	{ "Kafka back", false, true,
	        {
	                { ACT_SEND, UNTIL_PASSED, 500 },
	                { ACT_KAFKA_UP, UNTIL_PASSED, 2000 },
	                { ACT_STOP_SENDING, UNTIL_STORED, SOON },
	        } },
	{ "both away", false, true,
	        {
	                { ACT_KAFKA_DOWN, UNTIL_PASSED, 0 },
	                { ACT_COLLECTOR_DOWN, UNTIL_PASSED, 0 },
	                { ACT_SEND, UNTIL_PASSED, 2500 },
	                { ACT_STOP_SENDING, UNTIL_ON_DISK, SOON },
	        } },
	{ "agent killed, Kafka away", true, true,
	        {
	                { ACT_SEND, UNTIL_PASSED, 1500 },
	                { ACT_KILL_AGENT, UNTIL_PASSED, 500 },
	                { ACT_START_AGENT, UNTIL_SERVING, SOON },
	                { ACT_NONE, UNTIL_PASSED, 1000 },
	                { ACT_COLLECTOR_UP, UNTIL_PASSED, 0 },
	                { ACT_KAFKA_UP, UNTIL_PASSED, 500 },
	                { ACT_STOP_SENDING, UNTIL_SETTLED, SOON },
	        } },
	{ "drain killed", false, true,
	        {
	                { ACT_SEND, UNTIL_PASSED, 1000 },
	                { ACT_KILL_DRAIN, UNTIL_PASSED, 1000 },
	                { ACT_START_DRAIN, UNTIL_PASSED, 500 },
	                { ACT_STOP_SENDING, UNTIL_STORED, SOON },
	        } },
	{ "the store is away", false, true,
	        {
	                { ACT_SEND, UNTIL_PASSED, 500 },
	                { ACT_STORE_AWAY, UNTIL_PASSED, 2500 },
	                { ACT_STORE_WORKS, UNTIL_PASSED, 1000 },
	                { ACT_STOP_SENDING, UNTIL_STORED, SOON },
	        } },
	/* At the default rate the backlog has six times as many spans as the collector's queue holds. */
	{ "the collector drops", false, true,
	        {
	                { ACT_COLLECTOR_DOWN, UNTIL_PASSED, 0 },
	                { ACT_SEND, UNTIL_PASSED, 2500 },
	                { ACT_STOP_SENDING, UNTIL_IN_KAFKA, SOON },
	                { ACT_STORE_SLOW, UNTIL_PASSED, 0 },
	                { ACT_COLLECTOR_UP, UNTIL_STORED, SOON },
	                { ACT_STORE_WORKS, UNTIL_PASSED, 0 },
	        } },
	{ "all up, drained", false, false,
	        {
	                { ACT_SEND, UNTIL_PASSED, 2000 },
	                { ACT_STOP_SENDING, UNTIL_STORED, SOON },
	                { ACT_NONE, UNTIL_SETTLED, SOON },
	        } },
};

const size_t demo_phases = ARRAY_LEN(demo_plan);
_Static_assert(ARRAY_LEN(demo_plan) <= DEMO_PHASES_MOST, "a demo has a result for each phase");
