#pragma once

#include <slate/database.h>

#include "wire/answers.h"
#include "wire/requests.h"

namespace slate::server {

// Makes the database's declarations these and no others: lists that are not among them go first, then
// datasources and lists are saved, then datasources that are not among them go. What fails stands in the way
// of nothing else. One outcome for each resource that was or is there, in the order in which they happened.
// Errors: the database cannot be read.
Result<wire::Reconciled> reconcile(Database& database, const wire::Reconcile& wanted);

}  // namespace slate::server
