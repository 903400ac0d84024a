/* Convolutions that another library does (conv.h): its pieces on our threads. */
#include "kernel.h"
#include "slots.h"

typedef struct work {
  const sk_conv_plan *plan;
  const sk_conv_data *data;
  int phase;
  char *shared, *own;
  sk_slots slots;
  atomic_bool failed;
} work;

int64_t sk_conv_plan_scratch(const sk_conv_plan *plan, int threads) {
  return plan->shared + threads * plan->own;
}

static void plan_piece(void *ctx, int64_t first, int64_t last) {
  work *w = ctx;
  int slot = sk_slot_take(&w->slots);
  for (int64_t i = first; i < last && !atomic_load(&w->failed); i++)
    if (!w->plan->run(w->plan, w->phase, i, w->data, w->shared, w->own + slot * w->plan->own))
      atomic_store(&w->failed, true);
  sk_slot_give(&w->slots, slot);
}

bool sk_conv_run(const sk_conv_plan *plan, const sk_conv_data *data, int threads, void *scratch) {
  work w = {.plan = plan, .data = data, .shared = scratch, .own = (char *)scratch + plan->shared};
  atomic_init(&w.failed, false);
  sk_slots_init(&w.slots, threads);
  for (w.phase = 0; w.phase < SK_CONV_PHASES && !atomic_load(&w.failed); w.phase++)
    sk_parallel(plan->pieces[w.phase], 1, plan_piece, &w);
  return !atomic_load(&w.failed);
}
