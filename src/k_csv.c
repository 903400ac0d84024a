/* Numbers as text, in rows of cells. Nothing here depends on the locale of the process: a decimal
   point is a point. */
#define _GNU_SOURCE /* strtod_l */
#include "kernel.h"
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* {== Reading ============================================================= */

#define EXACT_POWER  22   /* 10^22 is the largest power of ten that a double holds */
#define EXACT_DIGITS 19   /* as many fit 64 bits */
#define FAR          9999 /* an exponent beyond every double */

static const double power10[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_word(const char *p, const char *end, const char *word) {
  for (; p < end && *word && (*p | 32) == *word; p++) word++;
  return p == end && !*word;
}

/* nan, inf, infinity: a value that is not 0; 0 for any other word. */
static double parse_word(const char *p, const char *end) {
  if (is_word(p, end, "nan")) return (double)NAN;
  return is_word(p, end, "inf") || is_word(p, end, "infinity") ? (double)INFINITY : 0;
}

/* Where both the digits and the power of ten are exact in a double, one operation rounds as it
   should; the C library does the rest. Text behind end must not continue a number. */
static bool parse(const char *p, const char *end, locale_t locale, double *out) {
  const char *start = p;
  bool minus = p < end && *p == '-';
  uint64_t digits = 0;
  int used = 0, any = 0, exponent = 0, given = 0;
  if (p < end && (*p == '-' || *p == '+')) p++;
  if (p < end && !is_digit(*p) && *p != '.') {
    double word = parse_word(p, end);
    *out = minus ? -word : word;
    return word != 0;
  }
  for (bool fraction = false; p < end; p++) {
    if (*p == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (!is_digit(*p)) break;
    any = 1;
    if (digits == 0 && *p == '0') { /* a zero in front is no digit */
      if (fraction && exponent > -FAR) exponent--;
    } else if (used <= EXACT_DIGITS) {
      if (++used <= EXACT_DIGITS) digits = digits * 10 + (uint64_t)(*p - '0');
      if (fraction) exponent--;
    }
  }
  if (!any) return false;
  if (p < end && (*p == 'e' || *p == 'E')) {
    bool down = ++p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end) return false;
    for (; p < end && is_digit(*p); p++)
      if (given < FAR) given = given * 10 + (*p - '0');
    exponent += down ? -given : given;
  }
  if (p != end) return false;
  if (used <= EXACT_DIGITS && digits <= (uint64_t)1 << 53 && exponent >= -EXACT_POWER &&
      exponent <= EXACT_POWER) {
    double value = (double)digits;
    value = exponent < 0 ? value / power10[-exponent] : value * power10[exponent];
    *out = minus ? -value : value;
  } else
    *out = strtod_l(start, 0, locale);
  return true;
}

static bool is_blank(char c, char sep) { return (c == ' ' || c == '\t') && c != sep; }

/* The number between p and end, of which blanks and one pair of quotes are taken off. */
static bool parse_cell(const char *p, const char *end, char sep, locale_t locale, double *out) {
  for (int round = 0; round < 2; round++) {
    while (p < end && is_blank(*p, sep)) p++;
    while (p < end && is_blank(end[-1], sep)) end--;
    if (round == 0 && end - p >= 2 && *p == '"' && end[-1] == '"') p++, end--;
  }
  if (p < end) return parse(p, end, locale, out);
  *out = (double)NAN;
  return true;
}

bool sk_csv_number(const char *text, int64_t len, double *out) {
  locale_t locale = newlocale(LC_ALL_MASK, "C", 0);
  bool ok = len > 0 && parse_cell(text, text + len, ',', locale, out);
  freelocale(locale);
  return ok;
}

/* The cells of one line, which ends at `end`; what is wrong goes to *wrong. */
static bool read_line(const char *p, const char *end, char sep, int64_t columns, locale_t locale,
                      double *out, sk_csv_error *wrong) {
  int64_t column = 0;
  for (bool last = false; !last; column++) {
    const char *stop = memchr(p, sep, (size_t)(end - p));
    last = !stop;
    if (last) stop = end;
    if (column < columns && !parse_cell(p, stop, sep, locale, &out[column])) {
      wrong->column = column + 1;
      wrong->cell = p;
      wrong->len = stop - p;
      return false;
    }
    p = stop + 1;
  }
  wrong->cells = column;
  return column == columns;
}

int64_t sk_csv_read(const char *text, int64_t len, char sep, int64_t columns, double *out,
                    sk_csv_error *wrong) {
  locale_t locale = newlocale(LC_ALL_MASK, "C", 0);
  const char *p = text, *end = text + len;
  int64_t rows = 0, line = 0;
  memset(wrong, 0, sizeof *wrong);
  while (p < end) {
    const char *stop = memchr(p, '\n', (size_t)(end - p)), *first = p;
    if (!stop) stop = end;
    const char *behind = stop > p && stop[-1] == '\r' ? stop - 1 : stop;
    line++;
    while (first < behind && is_blank(*first, sep)) first++;
    p = stop + 1;
    if (first == behind) continue;
    if (!read_line(first, behind, sep, columns, locale, out + rows * columns, wrong)) {
      wrong->line = line;
      break;
    }
    rows++;
  }
  freelocale(locale);
  return rows;
}

/* ==} */

/* {== Writing ============================================================= */

#define GRAIN  512               /* rows a piece */
#define LITTLE 1000000000000000. /* below, a whole number has at most 15 digits */

typedef struct job {
  sk_dtype dtype;
  const char *a;
  int64_t columns;
  char sep;
  char *slots;
  int64_t *len;
  locale_t locale;
} job;

static int put_whole(char *to, int64_t v) {
  char digits[20];
  int n = 0, len = 0;
  uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
  do digits[n++] = (char)('0' + rest % 10);
  while (rest /= 10);
  if (v < 0) to[len++] = '-';
  while (n > 0) to[len++] = digits[--n];
  return len;
}

/* As many digits as tell every number of the dtype from its neighbours. */
static int put_real(char *to, double x, int digits) {
  if (isnan(x)) return (int)(stpcpy(to, "nan") - to);
  if (x > -LITTLE && x < LITTLE && x == (double)(int64_t)x && !(x == 0 && signbit(x)) &&
      fabs(x) < power10[digits < 15 ? digits : 15])
    return put_whole(to, (int64_t)x);
  return snprintf(to, SK_CSV_SLOT, "%.*g", digits, x);
}

static int put(const job *j, int64_t i, char *to) {
  switch (j->dtype) {
  case SK_F32: return put_real(to, (double)((const float *)j->a)[i], 9);
  case SK_F64: return put_real(to, ((const double *)j->a)[i], 17);
  case SK_I64: return put_whole(to, ((const int64_t *)j->a)[i]);
  default: return put_whole(to, ((const uint8_t *)j->a)[i]);
  }
}

static void write_rows(void *ctx, int64_t first, int64_t last) {
  const job *j = ctx;
  locale_t before = uselocale(j->locale); /* this thread's */
  for (int64_t row = first; row < last; row++) {
    char *start = j->slots + row * j->columns * SK_CSV_SLOT, *to = start;
    for (int64_t c = 0; c < j->columns; c++) {
      to += put(j, row * j->columns + c, to);
      *to++ = c + 1 < j->columns ? j->sep : '\n';
    }
    j->len[row] = to - start;
  }
  uselocale(before);
}

void sk_csv_write(sk_dtype dtype, const void *a, int64_t rows, int64_t columns, char sep,
                  char *slots, int64_t *len) {
  job j = {dtype, a, columns, sep, slots, len, newlocale(LC_ALL_MASK, "C", 0)};
  sk_parallel(rows, columns < GRAIN ? GRAIN / columns : 1, write_rows, &j);
  freelocale(j.locale);
}

/* ==} */
