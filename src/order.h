/* Floor 1: what sorting needs to know of a dtype (k_order.c). The elements become keys, the keys
   are sorted as records (radix.h), narrow or wide ones, and these are turned back. */
#ifndef SK_ORDER_H
#define SK_ORDER_H

#include "radix.h"

typedef struct sk_ordering {
  bool wide; /* keys of 64 bits */
  void (*keys)(const void *x, int64_t n, bool descending, void *key);
  /* Records, whose keys are `lo` too small, as elements of x and as positions, 1-based; values and
     index may be NULL. */
  void (*emit)(const void *r, int64_t n, uint64_t lo, bool descending, const void *x, void *values,
               int64_t *index);
  /* The best element of each of `groups` groups of x[n]; infinity where there are only NaN. */
  void (*best)(const void *x, int64_t n, int64_t groups, bool descending, void *best);
  /* Those of x[n] that are as good as *limit, and where they stand; gives their number. */
  int64_t (*collect)(const void *x, int64_t n, const void *limit, bool descending, void *found,
                     uint32_t *at);
} sk_ordering;

extern const sk_ordering sk_orderings[SK_NDTYPES];

void sk_range_u32(const uint32_t *key, int64_t n, uint32_t *least, uint32_t *most);
void sk_range_u64(const uint64_t *key, int64_t n, uint64_t *least, uint64_t *most);

/* A whole row, shared by the threads. */
int64_t sk_split_scratch(sk_dtype dtype, int64_t n, int threads); /* bytes */
void sk_split_sort(sk_dtype dtype, const void *x, int64_t n, int64_t k, bool descending,
                   void *values, int64_t *index, int threads, void *scratch);

static inline int64_t sk_align(int64_t bytes) { return (bytes + 63) & ~(int64_t)63; }

#endif
