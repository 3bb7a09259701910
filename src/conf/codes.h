#pragma once

#include "base/error.h"

namespace gate::conf {

// The text of a file.
inline constexpr base::ErrorCode kCannotReadFile{101};
inline constexpr base::ErrorCode kFileTooLarge{102};
inline constexpr base::ErrorCode kInvalidText{103};
inline constexpr base::ErrorCode kUnterminatedString{104};
inline constexpr base::ErrorCode kUnknownEscape{105};
inline constexpr base::ErrorCode kQuoteInsideWord{106};
inline constexpr base::ErrorCode kLineContinued{107};
inline constexpr base::ErrorCode kWordTooLong{108};
inline constexpr base::ErrorCode kTooManyWords{109};

// The shape of the tree.
inline constexpr base::ErrorCode kNameExpected{110};
inline constexpr base::ErrorCode kBlockNotClosed{111};
inline constexpr base::ErrorCode kNothingToClose{112};
inline constexpr base::ErrorCode kTextAfterBlock{113};
inline constexpr base::ErrorCode kNestedTooDeep{114};
inline constexpr base::ErrorCode kTooManyStatements{115};

// Includes and JSON.
inline constexpr base::ErrorCode kIncludeCycle{120};
inline constexpr base::ErrorCode kIncludeTooDeep{121};
inline constexpr base::ErrorCode kTooManyFiles{122};
inline constexpr base::ErrorCode kBadJson{123};

// A statement against its table.
inline constexpr base::ErrorCode kUnknownWord{142};
inline constexpr base::ErrorCode kWrongArgumentCount{143};
inline constexpr base::ErrorCode kBlockMissing{144};
inline constexpr base::ErrorCode kBlockNotAllowed{145};
inline constexpr base::ErrorCode kRepeatedStatement{146};
inline constexpr base::ErrorCode kStatementMissing{147};

// An argument against its type.
inline constexpr base::ErrorCode kBadDuration{150};
inline constexpr base::ErrorCode kBadSize{151};
inline constexpr base::ErrorCode kBadNumber{152};
inline constexpr base::ErrorCode kBadSwitch{153};
inline constexpr base::ErrorCode kBadPath{154};
inline constexpr base::ErrorCode kBadCidr{155};
inline constexpr base::ErrorCode kBadAddress{156};
inline constexpr base::ErrorCode kBadStatus{157};
inline constexpr base::ErrorCode kBadHostName{158};
inline constexpr base::ErrorCode kBadUrlPath{159};
inline constexpr base::ErrorCode kBadChoice{160};
inline constexpr base::ErrorCode kSecretInPlain{161};
inline constexpr base::ErrorCode kSecretUnavailable{162};

// What a feature finds wrong beyond a single argument: two statements that exclude each other, a file that is absent.
inline constexpr base::ErrorCode kContradiction{170};
inline constexpr base::ErrorCode kNotFound{171};

}  // namespace gate::conf
