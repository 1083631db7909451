// The one macro: propagates the error of a Result.
//   SLATE_TRY(open());                    for Result<void>
//   SLATE_TRY(auto value, compute());     declares or assigns
#pragma once

#include <slate/error.h>

#define SLATE_CONCAT_(a, b) a##b
#define SLATE_CONCAT(a, b) SLATE_CONCAT_(a, b)
#define SLATE_TRY_1(expression)                                                  \
  do {                                                                           \
    auto slate_result = (expression);                                            \
    if (!slate_result) return ::slate::Failure(std::move(slate_result).error()); \
  } while (false)
#define SLATE_TRY_2_(result, target, expression)                   \
  auto result = (expression);                                      \
  if (!result) return ::slate::Failure(std::move(result).error()); \
  target = *std::move(result)
#define SLATE_TRY_2(target, expression) \
  SLATE_TRY_2_(SLATE_CONCAT(slate_result_, __LINE__), target, expression)
#define SLATE_TRY_PICK(_1, _2, name, ...) name
#define SLATE_TRY(...) SLATE_TRY_PICK(__VA_ARGS__, SLATE_TRY_2, SLATE_TRY_1, )(__VA_ARGS__)
