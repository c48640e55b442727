if(NOT TARGET rondo)
  return()
endif()
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/rondo")

install(TARGETS rondo EXPORT rondoTargets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT rondoTargets NAMESPACE rondo:: DESTINATION "${package_dir}")
if(TARGET rondo_cli)
  install(TARGETS rondo_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

# A static library hands its own dependencies on to whoever links it.
if(BUILD_SHARED_LIBS)
  set(RONDO_FIND_DEPENDENCIES "")
  set(RONDO_PC_REQUIRES "")
  set(RONDO_PC_LIBS "")
else()
  set(RONDO_FIND_DEPENDENCIES "include(CMakeFindDependencyMacro)\n")
  foreach(package Threads hwy fmt date ZLIB tomlplusplus)
    string(APPEND RONDO_FIND_DEPENDENCIES "find_dependency(${package})\n")
  endforeach()
  set(RONDO_PC_REQUIRES "libhwy fmt zlib tomlplusplus")
  set(RONDO_PC_LIBS "-ldate-tz -lcsv -pthread")
endif()

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/rondoConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/package/rondoConfig.cmake" INSTALL_DESTINATION "${package_dir}")
# Before 1.0 a minor release may break its users.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/rondoConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/package/rondoConfig.cmake"
              "${PROJECT_BINARY_DIR}/package/rondoConfigVersion.cmake"
        DESTINATION "${package_dir}")

configure_file("${PROJECT_SOURCE_DIR}/cmake/rondo.pc.in" "${PROJECT_BINARY_DIR}/package/rondo.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/package/rondo.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
