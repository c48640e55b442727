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
  set(RONDO_PC_LIBS "")
else()
  set(RONDO_FIND_DEPENDENCIES "include(CMakeFindDependencyMacro)\nfind_dependency(Threads)")
  list(JOIN RONDO_RUNTIME_LIBRARIES " " RONDO_PC_LIBS)
  string(APPEND RONDO_PC_LIBS " -pthread")
endif()

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/rondoConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/package/rondoConfig.cmake" INSTALL_DESTINATION "${package_dir}")
# Before 1.0 a minor release may break its users.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/rondoConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/package/rondoConfig.cmake"
              "${PROJECT_BINARY_DIR}/package/rondoConfigVersion.cmake"
        DESTINATION "${package_dir}")

# What rondo_add_cells() compiles cells of somebody else's with.
install(FILES "${PROJECT_SOURCE_DIR}/cmake/rondo_add_cells.cmake" DESTINATION "${package_dir}")
foreach(pattern IN ITEMS cells/cell_info.h kernels/cell_unit.cc.in kernels/*.h kernels/*/*.h
                         layers/recurrent/register_cells.h)
  file(GLOB files RELATIVE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/src/${pattern}")
  foreach(file IN LISTS files)
    cmake_path(GET file PARENT_PATH folder)
    install(FILES "${PROJECT_SOURCE_DIR}/src/${file}" DESTINATION "${package_dir}/cell_sources/${folder}")
  endforeach()
endforeach()

configure_file("${PROJECT_SOURCE_DIR}/cmake/rondo.pc.in" "${PROJECT_BINARY_DIR}/package/rondo.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/package/rondo.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
