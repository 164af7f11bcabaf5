using System.Net.Http.Headers;
using System.Security.Cryptography;
using CityHub.Core.Problems;
using CityHub.Crypto;
using CityHub.Server.CommandLine;
using CityHub.Server.Configuration;
using CityHub.Server.Doors;

namespace CityHub.Server.Verbs;

/// <summary>
/// What a department does with its own two keys, on a machine of its own: one signs the tokens of its people, the other opens its data at rest. Neither is ever on the
/// hub's disk, so that whoever runs the hub has neither.
/// </summary>
internal sealed class Department : IVerb
{
    private static readonly Option Keys = new("--keys", "The folder with the department's keys") { Value = "DIR" };
    private static readonly Option Subject = new("--subject", "Who will carry the token, or who unlocks: the person's name in the register") { Value = "NAME" };
    private static readonly Option Allows = new("--permissions", "What the token allows, separated by commas") { Value = "LIST" };
    private static readonly Option Expires = new("--expires", $"How long the token lives: {Durations.Allowed}; 1d without it") { Value = "TIME" };
    private static readonly Option Url = new("--url", "The hub; the one on this machine's data folder without it") { Value = "URL" };

    public string Name => "department";

    public string Summary => "A department's own keys: make them, sign tokens, unlock its data";

    public string Arguments => "<keys|token|unlock|lock> DEPARTMENT";

    public IReadOnlyList<Option> Options => [Keys, Subject, Allows, Expires, Url, .. ConfigOptions.ForAFolder];

    public IReadOnlyList<Example> Examples =>
    [
        new("cityhub department keys civil-affairs --keys /media/safe", "both keys; the public half is for the authority, who enrols it"),
        new("cityhub department token civil-affairs --keys /media/safe --subject li.na --permissions sharing:read,data:use", "a token for one of its people; no hub is asked"),
        new("cityhub department unlock civil-affairs --keys /media/safe --subject zhao.min", "until the hub stops or lock is said, it can read the department's data"),
    ];

    public async Task<int> RunAsync(VerbCall call, CancellationToken cancel)
    {
        if (call.Arguments is not [var what, var department] || what is not ("keys" or "token" or "unlock" or "lock"))
            return call.Refuse(UsageProblems.BadCommandLine.Because($"cityhub department {string.Join(' ', call.Arguments)} is nothing that it does.", "keys, token, unlock or lock, and the department"));
        if (call.Text(Keys.Name) is not { Length: > 0 } folder)
            return call.Refuse(UsageProblems.BadCommandLine.Because("--keys is missing: where are the department's keys?"));
        if (!ConfigReader.Read(call).TryGet(out var config, out var problem))
            return call.Refuse(problem);
        try
        {
            var store = new FileKeyStore(folder);
            if (what == "keys")
                return Make(call, store, folder, department);
            if (call.Text(Subject.Name) is not { Length: > 0 } subject)
                return call.Refuse(UsageProblems.BadCommandLine.Because("--subject is missing: for whom, or by whom?"));
            using var key = store.Open(department);
            if (what == "token")
                return Token(call, key, department, subject, config.Auth.Audience);
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/departments/{Uri.EscapeDataString(department)}/{what}");
            var claims = Claims(call, subject, [Core.Ports.Permissions.DataDeliver], TimeSpan.FromMinutes(1));
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", DepartmentTokens.Sign(key, department, config.Auth.Audience, claims));
            if (what == "unlock")
                request.Content = new ByteArrayContent(ReadDataKey(folder, department));
            return await SendAsync(call, config, request, cancel);
        }
        catch (KeyStoreException e)
        {
            return call.Refuse(DoorProblems.KeyUnusable.Because(e.Message, $"cityhub department keys {department} --keys {folder} makes them."));
        }
    }

    private static int Make(VerbCall call, FileKeyStore store, string folder, string department)
    {
        using var key = store.Create(department, SignatureAlgorithm.Ed25519);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(DataKeyFile(folder, department), options))
        {
            file.Write(RandomNumberGenerator.GetBytes(SecretKeys.Size));
            file.Flush(flushToDisk: true);
        }

        call.Out.WriteLine(Convert.ToBase64String(key.Public.Bytes.Span));
        call.Error.WriteLine($"Two keys of {department} are in {folder}. The line above is the public one: the authority enrols it. Keep a copy of the folder elsewhere: without the data key nobody reads the data again.");
        return Exit.Done;
    }

    private static int Token(VerbCall call, ISigningKey key, string department, string subject, string audience)
    {
        if (!call.Duration(Expires.Name, TimeSpan.FromDays(1)).TryGet(out var life, out var problem))
            return call.Refuse(problem);
        var permissions = (call.Text(Allows.Name) ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (permissions.Length == 0 || permissions.FirstOrDefault(p => !DepartmentTokens.Allowable.Contains(p)) is { } wrong && wrong.Length > 0)
            return call.Refuse(UsageProblems.BadCommandLine.Because("--permissions names what a department may allow.", string.Join(", ", DepartmentTokens.Allowable)));
        if (life <= TimeSpan.Zero || life > DepartmentTokens.LongestLife)
            return call.Refuse(UsageProblems.BadCommandLine.Because($"A token of a department lives for at most {DepartmentTokens.LongestLife.TotalDays:0} days."));
        var claims = Claims(call, subject, permissions, life);
        call.Out.WriteLine(DepartmentTokens.Sign(key, department, audience, claims));
        call.Error.WriteLine($"Token {claims.Id} for {subject} of {department}, until {TokenRegister.Time(claims.ExpiresAt)}: {string.Join(' ', permissions)}");
        return Exit.Done;
    }

    private static TokenClaims Claims(VerbCall call, string subject, IReadOnlyList<string> permissions, TimeSpan life)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(call.Surroundings.Time.GetUtcNow().ToUnixTimeSeconds());
        return new TokenClaims(HubTokens.NewId(), subject, permissions, [], now, now + life);
    }

    private static async Task<int> SendAsync(VerbCall call, HubConfig config, HttpRequestMessage request, CancellationToken cancel)
    {
        using var http = call.Text(Url.Name) is { } url
            ? new HttpClient { BaseAddress = new Uri(url) }
            : Presence.Read(config.Data)?.Client();
        if (http is null)
            return call.Refuse(DoorProblems.NoHub.Because($"No hub runs on {config.Data}.", "--url names it."));
        try
        {
            using var answer = await http.SendAsync(request, cancel);
            return answer.IsSuccessStatusCode ? Exit.Done : call.Refuse(await HubClient.ProblemOfAsync(answer, cancel));
        }
        catch (HttpRequestException e)
        {
            return call.Refuse(DoorProblems.NoHub.Because($"The hub does not answer: {e.Message}"));
        }
    }

    private static byte[] ReadDataKey(string folder, string department)
    {
        var path = DataKeyFile(folder, department);
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyStoreException(KeyStoreFault.NotThere, $"The data key {path} cannot be read: {e.Message}");
        }
    }

    private static string DataKeyFile(string folder, string department) => Path.Combine(folder, department + ".data");
}
