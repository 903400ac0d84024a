/* The module sslkit.image.core: PNG and JPEG between strings and tensors. The files that speak to
   libpng and libjpeg know no Lua, and end their work by longjmp when the library gives up; so no
   Lua call can be among it. Their handles lie in userdata, whose finaliser closes them whatever
   happens. Images are interleaved in rows there ([height][width][channels]) and planes here
   ([channels] [height][width]), one byte a value. */
#ifndef SK_CODEC_H
#define SK_CODEC_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SK_CHANNELS 4
#define SK_MESSAGE  200

/* What every handle begins with. */
typedef struct sk_handle {
  void (*close)(struct sk_handle *h); /* may be called again */
  jmp_buf escape;                     /* where a failure of the library leads */
  char message[SK_MESSAGE];           /* why */
} sk_handle;

typedef struct sk_codec sk_codec;

/* A file that is being read, and what its head says: channels of the result; bytes that the library
   will take beside it while it works. */
typedef struct sk_reader {
  sk_handle handle;
  const sk_codec *codec;
  const uint8_t *bytes;
  size_t length;
  int64_t height, width;
  int channels;
  double work;
} sk_reader;

/* A format, and the library behind it with its version. open and read return false with a message
   in the handle; open gets a reader of `size` zero bytes but for its input. row: width *
   SK_CHANNELS bytes of scratch. */
struct sk_codec {
  const char *library;
  size_t size;
  bool (*knows)(const uint8_t *bytes, size_t length);
  bool (*open)(sk_reader *r);
  bool (*read)(sk_reader *r, uint8_t *row, uint8_t *planes);
};

extern const sk_codec sk_png, sk_jpeg;

/* Fails for a head that claims more than the file can hold: a file of `length` bytes cannot unpack
   to more than `most` bytes of `wanted`. */
bool sk_claim(sk_reader *r, double wanted, double most);

/* Writing PNG into memory. Rows are given one after another; out has room for sk_png_bound bytes,
   -1 where that overflows. */
typedef struct sk_writer sk_writer;
extern const size_t sk_writer_size;
int64_t sk_png_bound(int64_t height, int64_t width, int channels);
bool sk_png_begin(sk_writer *w, int64_t height, int64_t width, int channels, uint8_t *out,
                  int64_t room);
bool sk_png_row(sk_writer *w, const uint8_t *row);
bool sk_png_end(sk_writer *w, int64_t *length);

/* --- planes.c --------------------------------------------------------------------------------- */

/* One row: row[width][channels] <-> planes[channels], each `plane` bytes behind the one before. */
void sk_split_row(const uint8_t *row, int channels, int64_t width, uint8_t *planes, int64_t plane);
void sk_join_row(const uint8_t *planes, int channels, int64_t width, int64_t plane, uint8_t *row);
/* One row of CMYK to RGB, in place of its first three bytes a pixel; inverted: as Adobe writes it.
 */
void sk_cmyk_row(uint8_t *row, int64_t width, bool inverted);
/* Planes of `plane` bytes to another number of channels: grey is luma, alpha is dropped or opaque.
 */
void sk_convert(const uint8_t *from, int have, uint8_t *to, int want, int64_t plane);
/* One row of one channel of floats, `step` bytes apart, to bytes `channels` apart: lo..hi become
   0..255, what lies outside the nearest of these, NaN 0. */
void sk_row_of_floats(const char *from, int64_t step, int64_t width, double lo, double hi,
                      uint8_t *to, int channels);
void sk_row_of_doubles(const char *from, int64_t step, int64_t width, double lo, double hi,
                       uint8_t *to, int channels);
void sk_row_of_bytes(const char *from, int64_t step, int64_t width, uint8_t *to, int channels);

#endif
