# Turns a file into a C++ source that returns its bytes. Run as a script:
#   cmake -D INPUT=… -D OUTPUT=… -D NAMESPACE=… -D FUNCTION=… -P embed.cmake
file(READ "${INPUT}" bytes HEX)
string(LENGTH "${bytes}" digits)
math(EXPR size "${digits} / 2")
if(size EQUAL 0)
  message(FATAL_ERROR "${INPUT} is empty")
endif()
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
get_filename_component(name "${INPUT}" NAME)
file(WRITE "${OUTPUT}" "// ${name}, made by cmake/embed.cmake: do not edit.
#include <string_view>

namespace ${NAMESPACE} {
std::string_view ${FUNCTION}();
}

namespace {

const unsigned char kBytes[] = {${bytes}};

}  // namespace

std::string_view ${NAMESPACE}::${FUNCTION}() {
  return {reinterpret_cast<const char*>(kBytes), sizeof kBytes};
}
")
