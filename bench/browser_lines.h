#pragma once

#include <string>
#include <utility>
#include <vector>

namespace gate::bench {

// What a browser says when it asks for a file that a page needs.
inline const std::vector<std::pair<std::string, std::string>> kBrowserLines{
    {":method", "GET"},
    {":scheme", "https"},
    {":authority", "www.example.com"},
    {":path", "/small.txt"},
    {"user-agent",
     "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"},
    {"accept", "text/css,*/*;q=0.1"},
    {"accept-encoding", "gzip, deflate, br, zstd"},
    {"accept-language", "en-GB,en;q=0.9"},
};

}  // namespace gate::bench
