#include "feature/cache/store.h"

#include "feature/cache/statement_cache.h"

namespace gate::cache {

void Store::receive(const ShelfChange& change) {
  for (StatementCache* part : parts_) {
    if (part->statement() == change.statement.get()) part->apply(change);
  }
}

void Store::loaded(const Statement& statement, FetchAddress asker, const Loaded& found) {
  for (StatementCache* part : parts_) {
    if (part->statement() == statement.get()) part->loaded(asker.fetch, found);
  }
}

std::size_t Store::purge(const Purge& purge) {
  std::size_t gone = 0;
  for (StatementCache* part : parts_) gone += part->purge(purge);
  return gone;
}

Store::Contents Store::contents() const {
  Contents all;
  for (const StatementCache* part : parts_) {
    all.responses += part->shelf().size();
    all.bytes += part->shelf().bytes();
    all.bytes_max += part->settings().memory_bytes_max;
  }
  return all;
}

}  // namespace gate::cache
