#pragma once

#include <cstddef>
#include <string>

#include "conf/diagnostics.h"
#include "conf/environment.h"
#include "conf/tree.h"

namespace gate::conf {

// The grammar, one statement a line:
//
//   file      = { line }
//   statement = name { word } [ "{" block "}" ] [ comment ]
//   name      = a bare word
//   word      = bare word | "string"        strings know \" \\ \n \r \t
//   comment   = "#" at the start of a word, to the end of the line
//
// A brace is punctuation only where it stands alone (`{`, `}`, `{}`); inside a word it belongs to the word, so that
// `https://{host}/` needs no quotes. A block may stay on its line when it holds one statement: `share 443 { ssh on }`.

// Bounds against files that are not configurations, and against ones made to exhaust the reader.
inline constexpr std::size_t kFileBytesMax = 16UL << 20;
inline constexpr std::size_t kTotalBytesMax = 64UL << 20;  // of included files, each time they are
inline constexpr std::size_t kStatementsMax = 1'000'000;
inline constexpr std::size_t kNestingMax = 32;
inline constexpr std::size_t kWordBytesMax = 64UL << 10;
inline constexpr std::size_t kWordsMax = 10'000;  // of one statement
inline constexpr std::size_t kIncludeDepthMax = 8;
inline constexpr std::size_t kFilesMax = 65'536;

// The tree of one text; `include` stays a statement like any other. With errors the tree is what could be read, good
// enough to look for further errors and for nothing else.
Block parse(const Source& source, Diagnostics& diagnostics);

// The tree of a file with every `include FILE` (path or glob, relative to the file it stands in) replaced by the
// statements of the files it names. Sources read are added to `sources`. A pattern with wildcards may match nothing.
Block load(const std::string& path, const Environment& environment, SourceSet& sources, Diagnostics& diagnostics);

// The same for a text that is no file, such as one made from the command line.
Block load(const Source& source, const Environment& environment, SourceSet& sources, Diagnostics& diagnostics);

}  // namespace gate::conf
