/* step_news.h - how srun tells its node's agent of a step: one datagram, a packed StepNews, to a socket that the
 * launcher keeps open in SlurmdSpoolDir, so that it waits there while no agent runs. The kernel says whose it is. The
 * answer, to who has an address, is empty or says in words why the news was not taken. */
#pragma once

#define STEP_SOCKET "steps.sock"
#define STEP_NEWS_MOST 2048 /* bytes */
#define STEP_NAME_MOST 256
