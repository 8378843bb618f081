// The harness drives sdq_simulation, where there is one, by the name of the module inside.
#pragma once
#include "Vsdq_simulation.h"

using Vsdq_top = Vsdq_simulation;
