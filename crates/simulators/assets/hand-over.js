// Without JavaScript the person presses the button.
document.getElementById("hand-over").submit();
