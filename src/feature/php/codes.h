#pragma once

#include "base/error.h"

// The codes of the statement `php`: G5120 to G5139.
namespace gate::php {

inline constexpr base::ErrorCode kLengthRequired{5120};  // 411: a body whose length nobody has said
inline constexpr base::ErrorCode kNotAScript{5121};      // 404: a script's name, but the link leads to something else

}  // namespace gate::php
