/* The Lua functions of sslkit.image.core, private to sslkit/image.lua. */
#include "../sslkit.h"
#include "codec.h"
#include <stdio.h>
#include <string.h>

#define HANDLE "sslkit.image.handle"
#define SMALL  4096 /* bytes: handles and tensors without their elements */

bool sk_claim(sk_reader *r, double wanted, double most) {
  if (wanted <= most) return true;
  snprintf(r->handle.message, SK_MESSAGE,
           "it claims %lldx%lld pixels, more than %lld bytes can hold", (long long)r->width,
           (long long)r->height, (long long)r->length);
  return false;
}

/* A handle of zero bytes, which the collector closes. */
static void *push_handle(lua_State *L, size_t size, int nuv) {
  void *h = lua_newuserdatauv(L, size, nuv);
  memset(h, 0, size);
  luaL_setmetatable(L, HANDLE);
  return h;
}

static int image_close(lua_State *L) {
  sk_handle *h = lua_touserdata(L, 1);
  if (h->close) h->close(h);
  return 0;
}

static int failed(lua_State *L, const sk_handle *h) {
  lua_pushnil(L);
  lua_pushstring(L, h->message);
  return 2;
}

/* open(bytes): a handle, channels, height, width, the bytes of memory that reading it takes; or nil
   and a message */
static int image_open(lua_State *L) {
  static const sk_codec *const codecs[] = {&sk_png, &sk_jpeg};
  size_t length;
  const char *text = lua_tolstring(L, 1, &length);
  const uint8_t *bytes = (const uint8_t *)text;
  for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
    if (!codecs[i]->knows(bytes, length)) continue;
    sk_reader *r = push_handle(L, codecs[i]->size, 1);
    lua_pushvalue(L, 1); /* the bytes live as long as the handle */
    lua_setiuservalue(L, -2, 1);
    r->codec = codecs[i];
    r->bytes = bytes;
    r->length = length;
    if (!r->codec->open(r)) {
      r->handle.close(&r->handle);
      return failed(L, &r->handle);
    }
    lua_pushinteger(L, r->channels);
    lua_pushinteger(L, r->height);
    lua_pushinteger(L, r->width);
    lua_pushnumber(L, r->work + (double)r->channels * (double)r->height * (double)r->width +
                          SK_CHANNELS * (double)r->width + SMALL);
    return 5;
  }
  lua_pushnil(L);
  lua_pushliteral(L, "neither PNG nor JPEG");
  return 2;
}

/* read(handle): uint8 [channels,height,width]; or nil and a message. Once. */
static int image_read(lua_State *L) {
  sk_reader *r = lua_touserdata(L, 1);
  int64_t shape[] = {r->channels, r->height, r->width}, row[] = {r->width * SK_CHANNELS};
  uint8_t *scratch = sslkit_push(L, SSLKIT_UINT8, 1, row, 0);
  uint8_t *planes = sslkit_push(L, SSLKIT_UINT8, 3, shape, 0);
  bool ok = r->codec->read(r, scratch, planes);
  r->handle.close(&r->handle);
  return ok ? 1 : failed(L, &r->handle);
}

/* convert(t, channels): uint8 [have,height,width], contiguous, to another number of channels */
static int image_convert(lua_State *L) {
  sslkit_view from;
  sslkit_check(L, 1, &from);
  int64_t want = lua_tointeger(L, 2), shape[] = {want, from.shape[1], from.shape[2]};
  uint8_t *to = sslkit_push(L, SSLKIT_UINT8, 3, shape, 0);
  sk_convert(from.data, (int)from.shape[0], to, (int)want, shape[1] * shape[2]);
  return 1;
}

static void join(const sslkit_view *t, int64_t y, double lo, double hi, uint8_t *row) {
  int channels = (int)t->shape[0];
  for (int c = 0; c < channels; c++) {
    const char *from = (const char *)t->data + c * t->stride[0] + y * t->stride[1];
    int64_t step = t->stride[2], width = t->shape[2];
    switch (t->dtype) {
    case SSLKIT_UINT8: sk_row_of_bytes(from, step, width, row + c, channels); break;
    case SSLKIT_FLOAT32: sk_row_of_floats(from, step, width, lo, hi, row + c, channels); break;
    default: sk_row_of_doubles(from, step, width, lo, hi, row + c, channels);
    }
  }
}

/* encode(t, lo, hi): t [channels,height,width], uint8 or float, none of them 0. Gives a uint8
   tensor with room to spare, and how many bytes of it are the PNG file; or nil and a message. */
static int image_encode(lua_State *L) {
  sslkit_view t;
  int64_t length = 0;
  double lo = lua_tonumber(L, 2), hi = lua_tonumber(L, 3);
  sslkit_check(L, 1, &t);
  int64_t bound = sk_png_bound(t.shape[1], t.shape[2], (int)t.shape[0]);
  int64_t width = t.shape[2] * t.shape[0];
  if (bound < 0 || t.shape[1] > INT32_MAX || t.shape[2] > INT32_MAX) {
    lua_pushnil(L);
    lua_pushfstring(L, "%I x %I pixels are more than PNG has room for", (LUAI_UACINT)t.shape[2],
                    (LUAI_UACINT)t.shape[1]);
    return 2;
  }
  sk_writer *w = push_handle(L, sk_writer_size, 0);
  lua_toclose(L, -1);
  uint8_t *row, *out = sslkit_push(L, SSLKIT_UINT8, 1, &bound, 0);
  row = sslkit_push(L, SSLKIT_UINT8, 1, &width, 0);
  bool ok = sk_png_begin(w, t.shape[1], t.shape[2], (int)t.shape[0], out, bound);
  for (int64_t y = 0; ok && y < t.shape[1]; y++) {
    join(&t, y, lo, hi, row);
    ok = sk_png_row(w, row);
  }
  ok = ok && sk_png_end(w, &length);
  if (!ok) return failed(L, (sk_handle *)w);
  lua_pop(L, 1); /* the row */
  lua_pushinteger(L, length);
  return 2;
}

static const luaL_Reg functions[] = {{"open", image_open},
                                     {"read", image_read},
                                     {"convert", image_convert},
                                     {"encode", image_encode},
                                     {0, 0}};

__attribute__((visibility("default"))) int luaopen_sslkit_image_core(lua_State *L) {
  luaL_newmetatable(L, HANDLE);
  lua_pushcfunction(L, image_close);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "__gc");
  lua_setfield(L, -2, "__close");
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  lua_pushfstring(L, "%s, %s", sk_png.library, sk_jpeg.library);
  lua_setfield(L, -2, "libraries");
  return 1;
}
