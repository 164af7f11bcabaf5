using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace CityHub.Bench.Ledger;

/// <summary>This very program with other arguments, as somebody runs it from a shell.</summary>
internal static class Programs
{
    public static ProcessStartInfo Start(params IReadOnlyList<string> arguments)
    {
        var self = Environment.ProcessPath ?? throw new InvalidOperationException("This process has no path.");
        var start = new ProcessStartInfo(self) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(self) == "dotnet")
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "cityhub.dll"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return start;
    }

    /// <summary>Runs it to its end.</summary>
    /// <returns>What it said on standard output, and how long it took from its start.</returns>
    public static async Task<(string Said, TimeSpan Took)> RunAsync(CancellationToken cancel, params IReadOnlyList<string> arguments)
    {
        var began = Stopwatch.GetTimestamp();
        using var process = Process.Start(Start(arguments)) ?? throw new InvalidOperationException("It did not start.");
        var errors = process.StandardError.ReadToEndAsync(cancel);
        var said = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        var took = Stopwatch.GetElapsedTime(began);
        return process.ExitCode == 0 ? (said, took) : throw new InvalidOperationException($"cityhub {string.Join(' ', arguments)} ended with {process.ExitCode}: {said}{await errors}");
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

/// <summary>`cityhub witness` as a process.</summary>
internal sealed class WitnessProcess : IAsyncDisposable
{
    private readonly Process _process;

    private WitnessProcess(Process process) => _process = process;

    public static async Task<WitnessProcess> StartAsync(string folder, int port, string logFile, CancellationToken cancel)
    {
        var process = Process.Start(Programs.Start("witness", "--data", folder, "--log", logFile, "--listen", $"127.0.0.1:{port}", "--rate", "100000")) ?? throw new InvalidOperationException("The witness did not start.");
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var http = new HttpClient();
        for (var i = 0; i < 500; i++)
        {
            try
            {
                using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/health"), cancel);
                if (answer.IsSuccessStatusCode)
                    return new WitnessProcess(process);
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await Task.Delay(10, cancel);
        }

        throw new InvalidOperationException("The witness does not answer.");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
