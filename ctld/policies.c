/* policies.c - orders and ways to choose nodes. */
#include "ctld/policies.h"

void policies_apply (struct ctld *ctld)
{
    struct core_policies policies = {.order = order_find ("order/fifo"), .place_find = place_find};

    core_set_policies (ctld->core, &policies);
}
