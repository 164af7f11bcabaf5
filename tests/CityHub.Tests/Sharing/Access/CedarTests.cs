using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Bench.Sharing;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Sharing.Access;

/// <summary>The same grants and asks said in Cedar, an engine that nobody here wrote. Set CITYHUB_TEST_FULL=1 for ten times as many.</summary>
public sealed class CedarTests
{
    private static readonly DateTimeOffset DayZero = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Every_decision_is_the_one_that_Cedar_makes()
    {
        var source = Path.Combine(AppContext.BaseDirectory, "Sharing", "Access", "cedar");
        Assert.True(File.Exists(Path.Combine(source, "compare.mjs")), "The cedar step is not beside the tests.");
        using var folder = new TestFolder();
        foreach (var name in new[] { "package.json", "package-lock.json", ".npmrc", "compare.mjs" })
            File.Copy(Path.Combine(source, name), folder.File(name));
        var (installed, said) = await RunAsync("npm", ["ci", "--no-audit", "--no-fund"], folder.Path);
        Assert.SkipUnless(installed == 0, $"node, npm or the package @cedar-policy/cedar-wasm cannot be had here: {said}");

        var count = Environment.GetEnvironmentVariable("CITYHUB_TEST_FULL") == "1" ? 100_000 : 10_000;
        Write(folder.File("worlds.jsonl"), count, seed: 23);
        var (exit, answer) = await RunAsync("node", ["compare.mjs", "worlds.jsonl"], folder.Path);
        Assert.True(exit == 0, answer);
        using var document = JsonDocument.Parse(answer);
        Assert.Equal(count, document.RootElement.GetProperty("asked").GetInt32());
        Assert.True(document.RootElement.GetProperty("differences").GetInt32() == 0, answer);
        Assert.InRange(document.RootElement.GetProperty("permitted").GetInt32(), count / 20, count);
    }

    private static void Write(string path, int count, int seed)
    {
        var random = new Random(seed);
        using var file = File.Create(path);
        for (var i = 0; i < count; i++)
        {
            var world = PolicyCase.Draw(random);
            using (var json = new Utf8JsonWriter(file))
                Write(json, world, PolicyBench.Decide(world));
            file.WriteByte((byte)'\n');
        }
    }

    private static void Write(Utf8JsonWriter json, PolicyCase world, Decision decision)
    {
        var ask = world.Ask;
        json.WriteStartObject();
        json.WriteNumber("now", world.Now.ToUnixTimeSeconds());
        Texts(json, "names", PolicyCase.Fields);
        json.WriteStartArray("open");
        json.WriteNumberValue(-1000);
        json.WriteNumberValue(1000);
        json.WriteEndArray();
        json.WriteStartObject("ask");
        json.WriteString("dataset", ask.Dataset);
        json.WriteString("right", Word(ask.Right));
        json.WriteString("mode", Word(ask.Mode));
        json.WriteString("purpose", ask.Purpose);
        json.WriteBoolean("clear", ask.Right is Rights.Collect or Rights.Obtain or Rights.Use && !(ask.From >= ask.To) && !(ask.Right == Rights.Obtain && ask.Mode is DeliveryModes.Verify or DeliveryModes.Enclave && ask.Right == Rights.Obtain));
        Texts(json, "roles", Word(ask.By.Roles).Split(", "));
        json.WriteString("department", ask.By.Is(Roles.Citizen) || ask.By.Department is "*" ? null : ask.By.Department);
        if (ask.Fields is { } fields)
            Texts(json, "fields", fields);
        else
            json.WriteNull("fields");
        json.WriteString("area", ask.Area is null ? null : AdminCodes.Prefix(ask.Area));
        Days(json, "from", ask.From);
        Days(json, "to", ask.To);
        json.WriteString("grant", ask.Grant);
        json.WriteEndObject();
        json.WriteStartObject("dataset");
        json.WriteString("id", world.Dataset.Id);
        Texts(json, "modes", Word(world.Dataset.Modes).Split(", "));
        json.WriteBoolean("open", world.Dataset.Open);
        json.WriteBoolean("unconditional", world.Dataset.Class == SharingClass.Unconditional);
        json.WriteBoolean("published", world.Dataset.State == DatasetState.Published);
        json.WriteBoolean("negative", world.Negative);
        json.WriteBoolean("withheld", world.Dataset.Class == SharingClass.Withheld);
        Bound(json, world.Dataset.Obligations);
        json.WriteEndObject();
        json.WriteStartArray("purposes");
        foreach (var purpose in world.Purposes)
        {
            json.WriteStartObject();
            json.WriteString("code", purpose.Code);
            json.WriteBoolean("withdrawn", purpose.Withdrawn);
            json.WriteBoolean("along", (ask.Purpose + "/").StartsWith(purpose.Code + "/", StringComparison.Ordinal));
            Bound(json, purpose.Obligations);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("grants");
        foreach (var grant in world.Grants)
        {
            json.WriteStartObject();
            json.WriteString("id", grant.Id);
            json.WriteString("dataset", grant.Dataset);
            json.WriteString("receiver", grant.Receiver);
            json.WriteString("state", Word(grant.State));
            json.WriteNumber("from", grant.From.ToUnixTimeSeconds());
            json.WriteNumber("until", grant.Until.ToUnixTimeSeconds());
            Texts(json, "rights", Word(grant.Rights).Split(", "));
            Texts(json, "modes", Word(grant.Modes).Split(", "));
            json.WriteString("purpose", grant.Purpose);
            Bound(json, grant.Obligations);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("decided");
        json.WriteBoolean("permit", decision is Permit);
        json.WriteString("grant", (decision as Permit)?.Grant.Id);
        json.WriteString("code", (decision as Refuse)?.Code);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Bound(Utf8JsonWriter json, Obligations bound)
    {
        if (bound.Fields is { } fields)
            Texts(json, "fields", fields);
        if (bound.Expires is { } expires)
            json.WriteNumber("expires", expires.ToUnixTimeSeconds());
        json.WriteNumber("space", (int)bound.Grain.Space);
        json.WriteStartObject("masks");
        foreach (var (field, kind) in bound.Masks)
            json.WriteNumber(field, (int)kind);
        json.WriteEndObject();
        json.WriteStartArray("rows");
        foreach (var rule in bound.Rows)
        {
            json.WriteStartObject();
            json.WriteString("field", rule.Field);
            json.WriteString("test", Word(rule.Test));
            Texts(json, "values", rule.Values);
            if (rule.Test == RowTest.Between)
            {
                json.WriteStartArray("days");
                json.WriteNumberValue(rule.Values[0].Length == 0 ? -1000 : Day(rule.Values[0]));
                json.WriteNumberValue(rule.Values[1].Length == 0 ? 1000 : Day(rule.Values[1]));
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static int Day(string date) => (int)(DateTimeOffset.Parse(date, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal) - DayZero).TotalDays;

    private static void Days(Utf8JsonWriter json, string name, DateTimeOffset? at)
    {
        if (at is { } time)
            json.WriteNumber(name, (int)(time - DayZero).TotalDays);
        else
            json.WriteNull(name);
    }

    private static void Texts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }

    private static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static async Task<(int Exit, string Said)> RunAsync(string program, string[] arguments, string folder)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8 };
        try
        {
            using var process = Process.Start(start);
            if (process is null)
                return (-1, $"{program} did not start");
            var said = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var complained = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return (process.ExitCode, process.ExitCode == 0 ? await said : (await said + await complained).Trim());
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return (-1, missing.Message);
        }
    }
}
