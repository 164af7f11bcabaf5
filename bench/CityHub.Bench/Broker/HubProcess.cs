using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace CityHub.Bench.Broker;

/// <summary>A hub as its users run it: a process of its own, on a data folder of its own, on loopback.</summary>
internal sealed class HubProcess : IAsyncDisposable
{
    private readonly Process _process;

    private HubProcess(Process process, IPEndPoint address, string folder, double readyMs) =>
        (_process, Address, Folder, ReadyMs) = (process, address, folder, readyMs);

    public IPEndPoint Address { get; }

    public required IPEndPoint Mqtt { get; init; }

    public string Folder { get; }

    /// <summary>From starting the process to the line that says it is ready.</summary>
    public double ReadyMs { get; }

    public static async Task<HubProcess> StartAsync(string folder, CancellationToken cancel, IReadOnlyList<string>? instead = null)
    {
        // The executable that runs the bench is the hub itself; under `dotnet cityhub.dll` the host needs the dll's name first.
        var self = Environment.ProcessPath ?? throw new InvalidOperationException("This process has no path.");
        var start = new ProcessStartInfo(self) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(self) == "dotnet")
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "cityhub.dll"));
        foreach (var argument in instead ?? Serve("serve", folder))
            start.ArgumentList.Add(argument);
        var began = Stopwatch.GetTimestamp();
        var process = Process.Start(start) ?? throw new InvalidOperationException("The hub did not start.");
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        while (await process.StandardOutput.ReadLineAsync(cancel) is { } line)
        {
            var at = line.IndexOf("http://", StringComparison.Ordinal);
            if (!line.Contains("ready", StringComparison.Ordinal) || at < 0)
                continue;
            var url = new Uri(line[at..].Split(' ')[0]);
            var mqtt = line.Split(' ').FirstOrDefault(a => a.StartsWith("mqtt://", StringComparison.Ordinal));
            return new HubProcess(process, new IPEndPoint(IPAddress.Loopback, url.Port), folder, Stopwatch.GetElapsedTime(began).TotalMilliseconds)
            {
                Mqtt = new IPEndPoint(IPAddress.Loopback, mqtt is null ? 0 : new Uri(mqtt).Port),
            };
        }

        throw new InvalidOperationException($"The hub ended before it was ready: exit code {process.ExitCode}.");
    }

    public static IReadOnlyList<string> Serve(string verb, string folder) => [verb, "--open", "--urls", "http://127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--data", folder];

    /// <summary>Resident memory in MB, as the kernel counts it.</summary>
    public double ResidentMb()
    {
        foreach (var line in File.ReadLines($"/proc/{_process.Id}/status"))
            if (line.StartsWith("VmRSS:", StringComparison.Ordinal))
                return double.Parse(line.AsSpan(6).Trim().ToString().Split(' ')[0], CultureInfo.InvariantCulture) / 1024;
        return double.NaN;
    }

    /// <summary>Processor time it has used so far, user and system.</summary>
    public TimeSpan ProcessorTime()
    {
        _process.Refresh();
        return _process.TotalProcessorTime;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using var term = Process.Start("kill", $"-TERM {_process.Id}");
            await term.WaitForExitAsync();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
            }
        }

        _process.Dispose();
    }
}
