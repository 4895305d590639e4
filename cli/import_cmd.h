/* import_cmd.h - `moisson config import`. */
#pragma once

int config_import (int argc, char **argv);
