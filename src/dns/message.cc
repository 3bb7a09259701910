#include "dns/message.h"

#include <fmt/format.h>

namespace gate::dns {

std::string to_string(Type type) {
  switch (type) {
    case Type::kA: return "A";
    case Type::kNs: return "NS";
    case Type::kCname: return "CNAME";
    case Type::kSoa: return "SOA";
    case Type::kPtr: return "PTR";
    case Type::kMx: return "MX";
    case Type::kTxt: return "TXT";
    case Type::kAaaa: return "AAAA";
    case Type::kOpt: return "OPT";
    case Type::kSvcb: return "SVCB";
    case Type::kHttps: return "HTTPS";
    case Type::kTsig: return "TSIG";
    case Type::kAny: return "ANY";
    case Type::kCaa: return "CAA";
  }
  return fmt::format("TYPE{}", static_cast<unsigned>(type));
}

std::string to_string(Rcode rcode) {
  switch (rcode) {
    case Rcode::kNoError: return "NOERROR";
    case Rcode::kFormatError: return "FORMERR";
    case Rcode::kServerFailure: return "SERVFAIL";
    case Rcode::kNoSuchName: return "NXDOMAIN";
    case Rcode::kNotImplemented: return "NOTIMP";
    case Rcode::kRefused: return "REFUSED";
    case Rcode::kNameExists: return "YXDOMAIN";
    case Rcode::kSetExists: return "YXRRSET";
    case Rcode::kNoSuchSet: return "NXRRSET";
    case Rcode::kNotAuthorized: return "NOTAUTH";
    case Rcode::kNotZone: return "NOTZONE";
    case Rcode::kBadSignature: return "BADSIG";
    case Rcode::kBadKey: return "BADKEY";
    case Rcode::kBadTime: return "BADTIME";
    case Rcode::kBadTruncation: return "BADTRUNC";
  }
  return fmt::format("RCODE {}", static_cast<unsigned>(rcode));
}

}  // namespace gate::dns
