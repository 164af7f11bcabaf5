using CityHub.Server.Configuration;
using Microsoft.Extensions.Logging.Console;

namespace CityHub.Server.Telemetry;

/// <summary>Log lines on standard error, as text or JSON.</summary>
internal static class Logging
{
    public static void Add(ILoggingBuilder logging, TelemetryConfig config, ILoggerProvider? instead)
    {
        logging.SetMinimumLevel(Enum.Parse<LogLevel>(config.Log, ignoreCase: true));
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None); // A start that fails is told by its verb, in words.
        // These two write whole URLs and headers at lower levels, and tokens travel in them: never, whatever telemetry.log says.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);
        logging.AddFilter("Microsoft.IdentityModel", LogLevel.None);
        logging.AddFilter("System.Net.Http", LogLevel.Warning);
        if (instead is not null)
        {
            logging.AddProvider(instead);
            return;
        }

        logging.Services.Configure<ConsoleLoggerOptions>(o => o.LogToStandardErrorThreshold = LogLevel.Trace);
        if (config.LogFormat == "json")
        {
            logging.AddJsonConsole(o => (o.UseUtcTimestamp, o.TimestampFormat) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ"));
        }
        else
        {
            logging.AddSimpleConsole(o => (o.SingleLine, o.UseUtcTimestamp, o.TimestampFormat) = (true, true, "yyyy-MM-ddTHH:mm:ss.fffZ "));
        }
    }
}
