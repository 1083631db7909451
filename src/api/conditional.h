// Answers that a caller has already, or that are kept here.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <slate/database.h>

#include "api/answers.h"
#include "http/message.h"

namespace slate::api {

enum class Keep : std::uint8_t { kNo, kYes };  // whether the answer's body is worth to be kept

// One GET request that may be answered without running it. Made before it is; one thread at a time.
class Conditional {
 public:
  // Of what `request` says only the target, `form` (the representation's name), If-None-Match and
  // Accept-Encoding count. Made before any snapshot of `database` is taken, so that another store behind it
  // is noticed.
  Conditional(Answers& answers, const Database& database, const http::Request& request, std::string_view form,
              Keep keep);

  // Whether there is an answer already: the caller's own, or one that is kept.
  bool has_answer(const AnswerBasis& basis);
  bool has_answer(const Datasource& datasource, const SnapshotInfo& data);

  // REQUIRES: has_answer() said so. A 304, or the answer that is kept, in the coding that the caller accepts;
  // headers of its own are added by the caller. Copies no body.
  http::Response answer() const;
  // An answer that was made: gives it its validator, puts it into the coding that the caller accepts and
  // keeps it, and turns it into a 304 for `If-None-Match: *`.
  http::Response finish(http::Response made) const;

 private:
  bool has_answer(std::optional<AnswerIdentity> identity);
  // What an answer that may be kept by the caller says.
  void validate(http::Response& response) const;

  Answers& answers_;
  const Database& database_;
  const std::string instance_;  // of the database, when this was made
  std::string words_;
  http::Headers validators_;
  http::Coding accepted_;
  Keep keep_;
  std::optional<AnswerIdentity> identity_;
  Page kept_;
};

}  // namespace slate::api
