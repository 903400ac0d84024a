/* PNG through libpng: any file to bytes, and bytes to a file in memory. */
#include "codec.h"
#include <png.h>
#include <stdio.h>
#include <string.h>

#define DEFLATE_RATIO 1032 /* at most that many bytes come of one */
#define SIDE          0x7fffffff

static void give_up(png_structp png, png_const_charp why) {
  sk_handle *h = png_get_error_ptr(png);
  snprintf(h->message, sizeof h->message, "%s", why);
  longjmp(h->escape, 1);
}

/* libpng warns of what it can live with, on stderr unless told otherwise. */
static void ignore(png_structp png, png_const_charp why) { (void)png, (void)why; }

/* {== Reading ============================================================= */

typedef struct reader {
  sk_reader base;
  png_structp png;
  png_infop info;
  size_t at; /* of base.bytes */
  int passes;
} reader;

static void feed(png_structp png, png_bytep to, size_t n) {
  reader *r = png_get_io_ptr(png);
  if (n > r->base.length - r->at) png_error(png, "truncated PNG data");
  memcpy(to, r->base.bytes + r->at, n);
  r->at += n;
}

static bool knows(const uint8_t *bytes, size_t length) {
  return length >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static void close_reader(sk_handle *h) {
  reader *r = (reader *)h;
  png_destroy_read_struct(&r->png, &r->info, 0); /* and sets them to NULL */
}

static bool open_reader(sk_reader *base) {
  reader *r = (reader *)base;
  sk_handle *h = &base->handle;
  h->close = close_reader;
  if (setjmp(h->escape)) return false;
  r->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, h, give_up, ignore);
  r->info = r->png ? png_create_info_struct(r->png) : 0;
  if (!r->info) {
    snprintf(h->message, sizeof h->message, "libpng has no memory");
    return false;
  }
  png_set_read_fn(r->png, r, feed);
  png_set_user_limits(r->png, SIDE, SIDE); /* our own measure is the size of the file */
  /* Texts, profiles and other things beside the picture are not even unpacked. */
  png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_NEVER, 0, -1);
  png_read_info(r->png, r->info);
  base->height = png_get_image_height(r->png, r->info);
  base->width = png_get_image_width(r->png, r->info);
  if (!sk_claim(base, (double)png_get_rowbytes(r->png, r->info) * (double)base->height,
                DEFLATE_RATIO * (double)base->length))
    return false;
  png_set_expand(r->png); /* palettes, less than 8 bits, a transparent colour */
  png_set_scale_16(r->png);
  r->passes = png_set_interlace_handling(r->png);
  png_read_update_info(r->png, r->info);
  base->channels = png_get_channels(r->png, r->info);
  base->work = 2.0 * (double)png_get_rowbytes(r->png, r->info);
  return true;
}

/* An interlaced image comes in seven passes, each of which adds pixels to rows that are there: they
   are put together again from the planes. */
static bool read_planes(sk_reader *base, uint8_t *row, uint8_t *planes) {
  reader *r = (reader *)base;
  int channels = base->channels;
  int64_t width = base->width, plane = base->height * width;
  if (setjmp(base->handle.escape)) return false;
  for (int pass = 0; pass < r->passes; pass++)
    for (int64_t y = 0; y < base->height; y++) {
      uint8_t *at = planes + y * width;
      if (channels == 1) {
        png_read_row(r->png, at, 0);
        continue;
      }
      if (pass > 0) sk_join_row(at, channels, width, plane, row);
      png_read_row(r->png, row, 0);
      sk_split_row(row, channels, width, at, plane);
    }
  png_read_end(r->png, 0);
  return true;
}

const sk_codec sk_png = {"libpng " PNG_LIBPNG_VER_STRING, sizeof(reader), knows, open_reader,
                         read_planes};

/* ==} */

/* {== Writing ============================================================= */

struct sk_writer {
  sk_handle handle;
  png_structp png;
  png_infop info;
  uint8_t *out;
  int64_t room, used;
};

const size_t sk_writer_size = sizeof(sk_writer);

/* Deflate that finds nothing to save adds 5 bytes to some 16 KiB, libpng 12 to each 8 KiB of that;
   an eighth is more than both. */
int64_t sk_png_bound(int64_t height, int64_t width, int channels) {
  int64_t row, all, bound;
  if (__builtin_mul_overflow(width, channels, &row) || __builtin_add_overflow(row, 1, &row) ||
      __builtin_mul_overflow(row, height, &all) ||
      __builtin_add_overflow(all, all / 8 + 4096, &bound))
    return -1;
  return bound;
}

static void take(png_structp png, png_bytep from, size_t n) {
  sk_writer *w = png_get_io_ptr(png);
  if ((int64_t)n > w->room - w->used) png_error(png, "no room for the PNG data");
  memcpy(w->out + w->used, from, n);
  w->used += (int64_t)n;
}

static void flush(png_structp png) { (void)png; }

static void close_writer(sk_handle *h) {
  sk_writer *w = (sk_writer *)h;
  png_destroy_write_struct(&w->png, &w->info);
}

bool sk_png_begin(sk_writer *w, int64_t height, int64_t width, int channels, uint8_t *out,
                  int64_t room) {
  static const int colour[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                               PNG_COLOR_TYPE_RGB_ALPHA};
  sk_handle *h = &w->handle;
  h->close = close_writer;
  w->out = out;
  w->room = room;
  if (setjmp(h->escape)) return false;
  w->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, h, give_up, ignore);
  w->info = w->png ? png_create_info_struct(w->png) : 0;
  if (!w->info) {
    snprintf(h->message, sizeof h->message, "libpng has no memory");
    return false;
  }
  png_set_write_fn(w->png, w, take, flush);
  png_set_user_limits(w->png, SIDE, SIDE);
  png_set_IHDR(w->png, w->info, (png_uint_32)width, (png_uint_32)height, 8, colour[channels - 1],
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(w->png, w->info);
  return true;
}

bool sk_png_row(sk_writer *w, const uint8_t *row) {
  if (setjmp(w->handle.escape)) return false;
  png_write_row(w->png, row);
  return true;
}

bool sk_png_end(sk_writer *w, int64_t *length) {
  if (setjmp(w->handle.escape)) return false;
  png_write_end(w->png, w->info);
  *length = w->used;
  return true;
}

/* ==} */
