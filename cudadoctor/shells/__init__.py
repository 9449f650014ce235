"""Lines for shells and other carriers. Text in, text out: nothing here touches a machine."""
