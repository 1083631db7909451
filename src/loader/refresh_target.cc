#include "loader/refresh_target.h"

namespace slate {

Result<void> require_declared_alike(const Datasource& loaded, const Datasource& declared) {
  if (loaded.fields == declared.fields && loaded.loader == declared.loader) return {};
  return fail(Reason::kFailedPrecondition, "the datasource is declared otherwise by now");
}

}  // namespace slate
