/* The check sum of zip and gzip, eight bytes at a step. */
#include "kernel.h"
#include <string.h>

#define POLYNOMIAL 0xedb88320u /* of degree 32, the lowest bit first */

/* table[k][b]: what a byte b does to the sum when k bytes follow it. */
static void fill(uint32_t table[8][256]) {
  for (uint32_t b = 0; b < 256; b++) {
    uint32_t sum = b;
    for (int bit = 0; bit < 8; bit++) sum = sum >> 1 ^ (sum & 1 ? POLYNOMIAL : 0);
    table[0][b] = sum;
  }
  for (int k = 1; k < 8; k++)
    for (int b = 0; b < 256; b++)
      table[k][b] = table[k - 1][b] >> 8 ^ table[0][table[k - 1][b] & 255];
}

static uint32_t load32(const unsigned char *p) {
  return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t sk_crc32(uint32_t sum, const void *data, int64_t n) {
  uint32_t t[8][256]; /* 8 KiB on the stack: made in the time that it takes to sum as much */
  const unsigned char *p = data;
  fill(t);
  sum = ~sum;
  for (; n >= 8; n -= 8, p += 8) {
    uint32_t a = load32(p) ^ sum, b = load32(p + 4);
    sum = t[7][a & 255] ^ t[6][a >> 8 & 255] ^ t[5][a >> 16 & 255] ^ t[4][a >> 24] ^ t[3][b & 255] ^
          t[2][b >> 8 & 255] ^ t[1][b >> 16 & 255] ^ t[0][b >> 24];
  }
  for (; n > 0; n--, p++) sum = sum >> 8 ^ t[0][(sum ^ *p) & 255];
  return ~sum;
}
