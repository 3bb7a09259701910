#pragma once

#include "feature/php/php.h"
#include "feature/php/script.h"
#include "http/exchange.h"
#include "http/fields.h"

namespace gate::php {

// Puts together what a script is told of a request: the meta-variables of RFC 3875 4.1, those that PHP programs expect
// beside them, and what the configuration adds, which comes last and wins. What a client could use to pass for another,
// or for us, is left out: see php.md.
void fill_parameters(http::Exchange& exchange, const Script& script, const PhpOptions& options,
                     http::FieldList& parameters);

}  // namespace gate::php
