/* JPEG through libjpeg: grey or RGB bytes. */
#include "codec.h"
#include <stdio.h>
#include <string.h>
#include <jpeglib.h>
#include <jerror.h>

#define BLOCK_PIXELS 64  /* of one channel; the first scan has at least a bit for each */
#define SCANS        500 /* more are no picture but an attack: each costs a walk over all blocks */

typedef struct reader {
  sk_reader base;
  struct jpeg_decompress_struct jpeg;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  bool made, damaged;
} reader;

static sk_handle *handle_of(j_common_ptr jpeg) { return jpeg->client_data; }

static void give_up(j_common_ptr jpeg) {
  sk_handle *h = handle_of(jpeg);
  char text[JMSG_LENGTH_MAX];
  jpeg->err->format_message(jpeg, text);
  snprintf(h->message, sizeof h->message, "%.*s", SK_MESSAGE - 1, text);
  longjmp(h->escape, 1);
}

/* A warning (level -1) is mostly of damage that libjpeg paints over in grey: for us that is no
   picture. A few are of no importance. */
static void notice(j_common_ptr jpeg, int level) {
  if (level >= 0) return;
  switch (jpeg->err->msg_code) {
  case JWRN_EXTRANEOUS_DATA:
  case JWRN_JFIF_MAJOR:
  case JWRN_ADOBE_XFORM:
  case JWRN_BOGUS_PROGRESSION: return;
  case JWRN_JPEG_EOF: snprintf(handle_of(jpeg)->message, SK_MESSAGE, "truncated JPEG data"); break;
  default: give_up(jpeg);
  }
  longjmp(handle_of(jpeg)->escape, 1);
}

static void say_nothing(j_common_ptr jpeg) { (void)jpeg; }

static void count_scans(j_common_ptr jpeg) {
  if (((j_decompress_ptr)jpeg)->input_scan_number <= SCANS) return;
  snprintf(handle_of(jpeg)->message, SK_MESSAGE, "more than %d scans", SCANS);
  longjmp(handle_of(jpeg)->escape, 1);
}

static bool knows(const uint8_t *bytes, size_t length) {
  return length >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0;
}

static void close_reader(sk_handle *h) {
  reader *r = (reader *)h;
  if (r->made) jpeg_destroy_decompress(&r->jpeg);
  r->made = false;
}

static bool refuse(sk_reader *base, const char *why) {
  snprintf(base->handle.message, SK_MESSAGE, "%s", why);
  return false;
}

static bool open_reader(sk_reader *base) {
  reader *r = (reader *)base;
  j_decompress_ptr jpeg = &r->jpeg;
  base->handle.close = close_reader;
  jpeg->err = jpeg_std_error(&r->errors);
  r->errors.error_exit = give_up;
  r->errors.emit_message = notice;
  r->errors.output_message = say_nothing;
  jpeg->client_data = &base->handle;
  if (setjmp(base->handle.escape)) return false;
  r->made = true; /* what is not made yet is NULL, and may be destroyed */
  jpeg_create_decompress(jpeg);
  r->progress.progress_monitor = count_scans;
  jpeg->progress = &r->progress;
  jpeg_mem_src(jpeg, base->bytes, base->length);
  jpeg_read_header(jpeg, TRUE);
  base->height = jpeg->image_height;
  base->width = jpeg->image_width;
  if (!sk_claim(base, (double)base->height * (double)base->width,
                8.0 * BLOCK_PIXELS * (double)base->length))
    return false;
  switch (jpeg->jpeg_color_space) {
  case JCS_GRAYSCALE: jpeg->out_color_space = JCS_GRAYSCALE; break;
  case JCS_YCbCr:
  case JCS_RGB: jpeg->out_color_space = JCS_RGB; break;
  case JCS_CMYK:
  case JCS_YCCK: jpeg->out_color_space = JCS_CMYK; break;
  default: return refuse(base, "JPEG of unknown colours");
  }
  base->channels = jpeg->out_color_space == JCS_GRAYSCALE ? 1 : 3;
  if (jpeg_has_multiple_scans(jpeg)) /* then all coefficients are kept, 16 bits each */
    base->work = 2.0 * jpeg->num_components * (double)base->height * (double)base->width;
  return true;
}

static bool read_planes(sk_reader *base, uint8_t *row, uint8_t *planes) {
  j_decompress_ptr jpeg = &((reader *)base)->jpeg;
  int64_t width = base->width, plane = base->height * width;
  if (setjmp(base->handle.escape)) return false;
  jpeg_start_decompress(jpeg);
  while (jpeg->output_scanline < jpeg->output_height) {
    uint8_t *at = planes + jpeg->output_scanline * width;
    JSAMPROW to = base->channels == 1 ? at : row;
    jpeg_read_scanlines(jpeg, &to, 1);
    if (base->channels == 1) continue;
    if (jpeg->out_color_space == JCS_CMYK) sk_cmyk_row(row, width, jpeg->saw_Adobe_marker);
    sk_split_row(row, base->channels, width, at, plane);
  }
  jpeg_finish_decompress(jpeg);
  return true;
}

#define TEXT_OF(x)  #x
#define VALUE_OF(x) TEXT_OF(x)
#ifdef LIBJPEG_TURBO_VERSION
#define LIBRARY "libjpeg-turbo " VALUE_OF(LIBJPEG_TURBO_VERSION)
#else
#define LIBRARY "libjpeg " VALUE_OF(JPEG_LIB_VERSION)
#endif

const sk_codec sk_jpeg = {LIBRARY, sizeof(reader), knows, open_reader, read_planes};
