/* common.c - what every device has in common. */
#include <weir/device.h>

void weir_device_attach(struct weir_device *device, struct weir_stack *stack)
{
    for (struct weir_device *d = device; d; d = d->inner) {
        d->stack = stack;
    }
}

void weir_device_del(struct weir_device *device)
{
    if (device) {
        device->ops->del(device);
    }
}
