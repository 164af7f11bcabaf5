using CityHub.Server;
using CityHub.Server.CommandLine;

namespace CityHub.Tests.Server.Verbs;

/// <summary>One call of the executable, in this process.</summary>
internal sealed record Run(int Exit, string Out, string Error)
{
    public static async Task<Run> Of(IReadOnlyList<string> words, string folder, params (string Name, string Value)[] environment)
    {
        using var said = new StringWriter();
        using var complained = new StringWriter();
        var exit = await Program.RunAsync(words, new Surroundings
        {
            Out = said,
            Error = complained,
            Environment = environment.ToDictionary(e => e.Name, e => e.Value, StringComparer.OrdinalIgnoreCase),
            Folder = folder,
            Time = TimeProvider.System,
        }, TestContext.Current.CancellationToken);
        return new Run(exit, said.ToString(), complained.ToString());
    }
}
