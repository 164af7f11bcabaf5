using System.Net;
using CityHub.Sharing.Requests;

namespace CityHub.Tests.Flows;

/// <summary>The pages on which officers work, on a whole hub.</summary>
public sealed class DeskTests : IAsyncLifetime
{
    private const string Form = "application/x-www-form-urlencoded";
    private const string Supplement = "event=supplement&text=the+papers+are+attached";

    private HubOfShuzhou? _city;

    private HubOfShuzhou City => _city ?? throw new InvalidOperationException("Not started.");

    private ShareRequest Incomplete => City.Rooms.Requests.Requests.All.Single(r => r.Wanted.Dataset == "population" && r.Applicant == "civil-affairs");

    private string Page => "/desk/requests/" + Incomplete.Id;

    public async ValueTask InitializeAsync() => _city = await HubOfShuzhou.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_city is not null)
            await _city.DisposeAsync();
    }

    [Fact]
    public async Task An_officer_finds_what_waits_for_his_department_and_moves_it_from_its_page()
    {
        var desk = await City.SendAsync("civil-affairs.officer", "GET", "/desk?lang=en");
        Assert.Contains("1 to do", desk.Text, StringComparison.Ordinal);
        Assert.Contains(Page, desk.Text, StringComparison.Ordinal);
        Assert.Contains("法定职责文件", (await City.SendAsync("civil-affairs.officer", "GET", Page)).Text, StringComparison.Ordinal);
        var moved = await City.SendAsync("civil-affairs.officer", "POST", Page, Supplement, Form, fromPage: true);
        Assert.Equal(HttpStatusCode.OK, moved.Status); // The browser followed to the page, where "again" sends nothing again.
        Assert.Equal(RequestState.Submitted, Incomplete.State);
        Assert.Contains("the papers are attached", moved.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("1 to do", (await City.SendAsync("civil-affairs.officer", "GET", "/desk?lang=en")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_in_Chinese_names_the_ways_the_fields_and_the_law_in_Chinese()
    {
        var waiting = City.Rooms.Requests.Requests.All.Single(r => r.Provider == "human-resources" && r.Applicant == "civil-affairs");
        var page = (await City.SendAsync("human-resources.officer", "GET", $"/desk/requests/{waiting.Id}?lang=zh")).Text;

        Assert.Contains("接口、文件、核验", page, StringComparison.Ordinal);
        Assert.Contains("《政务数据共享条例》第二十七条", page, StringComparison.Ordinal);
        Assert.DoesNotContain("decree", page, StringComparison.Ordinal);
        Assert.Contains(waiting.Wanted.Scene, (await City.SendAsync("human-resources.officer", "GET", "/desk")).Text, StringComparison.Ordinal);
        Assert.Contains("decree 809, art. 27", (await City.SendAsync("human-resources.officer", "GET", $"/desk/requests/{waiting.Id}?lang=en")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_that_says_too_little_or_comes_from_elsewhere_changes_nothing_and_says_why()
    {
        var empty = await City.SendAsync("civil-affairs.officer", "POST", Page, "event=supplement&text=", Form, fromPage: true);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, empty.Status);
        Assert.Contains("role=\"alert\"", empty.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await City.SendAsync("civil-affairs.officer", "POST", Page, Supplement, Form)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await City.SendAsync("civil-affairs.officer", "POST", Page, "event=grant", Form, fromPage: true)).Status);
        Assert.Equal(RequestState.Incomplete, Incomplete.State);
    }

    [Fact]
    public async Task A_department_that_has_no_part_in_a_request_finds_nothing_of_it()
    {
        Assert.DoesNotContain(Incomplete.Id, (await City.SendAsync("housing.officer", "GET", "/desk")).Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await City.SendAsync("housing.officer", "GET", Page)).Status);
        Assert.DoesNotContain("supplement", (await City.SendAsync("housing.officer", "POST", Page, Supplement, Form, fromPage: true)).Text, StringComparison.Ordinal);
        Assert.Equal(RequestState.Incomplete, Incomplete.State);
    }

    [Fact]
    public async Task The_lists_of_a_month_are_shown_and_a_month_that_is_none_is_refused()
    {
        var lists = await City.SendAsync("civil-affairs.officer", "GET", "/desk/lists?month=2026-02&lang=en");
        Assert.Contains("Benefit payments", lists.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await City.SendAsync("civil-affairs.officer", "GET", "/desk/lists?month=spring")).Status);
    }
}
