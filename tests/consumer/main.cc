#include <rondo/base/version.h>

#include <iostream>

int main() { std::cout << "consumer of rondo " << rondo::kVersion << '\n'; }
