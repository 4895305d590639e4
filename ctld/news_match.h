/* news_match.h - does somebody who follows want to hear this? Pure. */
#pragma once
#include <stdbool.h>
#include "proto/wire.pb-c.h"

/* part: of the news of its event, 1 is the first. */
bool news_match (const Moisson__EventsRequest *asked, uint64_t sequence, uint32_t part, const Moisson__News *news);
