/* Floor 1: scratch for pieces of a parallel job. A piece takes a free slot, works in its part of
   the scratch and gives it back. There are as many slots as threads when the job was made; should
   the pool have grown since, the latecomers wait. */
#ifndef SK_SLOTS_H
#define SK_SLOTS_H

#include "pool.h"
#include <sched.h>
#include <stdatomic.h>

typedef struct sk_slots {
  int n;
  atomic_bool busy[SK_MAXTHREADS];
} sk_slots;

static inline void sk_slots_init(sk_slots *s, int n) {
  s->n = n;
  for (int i = 0; i < n; i++) atomic_init(&s->busy[i], false);
}

static inline int sk_slot_take(sk_slots *s) {
  for (;; sched_yield())
    for (int i = 0; i < s->n; i++)
      if (!atomic_exchange(&s->busy[i], true)) return i;
}

static inline void sk_slot_give(sk_slots *s, int i) { atomic_store(&s->busy[i], false); }

#endif
